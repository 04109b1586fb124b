package dev.lookalike.service.admission;

import dev.lookalike.service.error.Problem;
import dev.lookalike.service.error.RefusedException;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Reserves memory for HTTP bodies before they are read, if the service's policy says so. */
@Singleton
public class BodyGate {
  /** After the gates that refuse without holding anything, before anything that reads. */
  private static final int THIRD = 9_000;

  private final Admission admission;
  private final AdmissionPolicy policy;

  public BodyGate(Admission admission, AdmissionPolicy policy) {
    this.admission = admission;
    this.policy = policy;
  }

  void register(@Observes Filters filters) {
    policy
        .largestBody()
        .ifPresent(largest -> filters.register(routing -> admit(routing, largest), THIRD));
  }

  private void admit(RoutingContext routing, long largest) {
    HttpServerRequest request = routing.request();
    if (request.getHeader(HttpHeaders.CONTENT_LENGTH) == null
        && request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null) {
      routing.next();
      return;
    }
    long length = Math.min(length(request), largest);
    if (length > RequestPolicy.FREE) {
      try {
        Admission.Reservation place = admission.reserve(policy.factor() * length);
        routing.addEndHandler(ended -> place.close());
      } catch (RefusedException full) {
        Problem.send(routing.response(), full);
        return;
      }
    }
    long late =
        routing
            .vertx()
            .setTimer(
                policy.readTimeout().toMillis(),
                timer -> {
                  if (!request.isEnded() && !routing.response().ended()) {
                    request.connection().close();
                  }
                });
    routing.addEndHandler(ended -> routing.vertx().cancelTimer(late));
    routing.next();
  }

  /** Declared bytes of the body; {@link Long#MAX_VALUE} if not declared. */
  private static long length(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    try {
      return length == null ? Long.MAX_VALUE : Long.parseLong(length);
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }
}
