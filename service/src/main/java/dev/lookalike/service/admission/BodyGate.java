package dev.lookalike.service.admission;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.Problem;
import dev.lookalike.service.error.RefusedException;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.OptionalLong;

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
    filters.register(this::admit, THIRD);
  }

  private void admit(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    if (request.getHeader(HttpHeaders.CONTENT_LENGTH) == null
        && request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null) {
      routing.next();
      return;
    }
    OptionalLong declared = declared(request);
    if (declared.isPresent() && declared.getAsLong() > policy.largestBody()) {
      Problem.send(
          routing.response(),
          new RefusedException(
              ErrorCode.TOO_MANY_BYTES,
              "a body may have at most " + policy.largestBody() + " bytes"));
      return;
    }
    if (!policy.admitsBodies()) {
      routing.next();
      return;
    }
    long length = declared.orElse(policy.largestBody());
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

  /** The declared length of the body. */
  private static OptionalLong declared(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    try {
      return length == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(length));
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }
}
