package dev.lookalike.intake;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/**
 * Lets the body of an HTTP request in only where there is room for it, whatever its media type.
 * What is not let in is dropped, as {@link dev.lookalike.edge.UnreadBodies} does with all that
 * nobody reads.
 */
final class BodyGate {
  /** After those that may refuse without holding anything, before whatever reads. */
  private static final int THIRD = 9_000;

  /** What comes with everything; needs no room. */
  private static final long SMALL = 64 << 10;

  private final Intake intake;
  private final long largest;
  private final Duration readTimeout;
  private final IntakeRefusal refusal;

  /**
   * @param largest bytes of a body; one that does not say its length counts as such
   */
  BodyGate(Intake intake, long largest, Duration readTimeout, IntakeRefusal refusal) {
    this.intake = intake;
    this.largest = largest;
    this.readTimeout = readTimeout;
    this.refusal = refusal;
  }

  void register(Filters filters) {
    filters.register(this::admit, THIRD);
  }

  private void admit(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    if (request.getHeader(HttpHeaders.CONTENT_LENGTH) == null
        && request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null) {
      routing.next();
      return;
    }
    long length = Math.min(length(request), largest);
    if (length > SMALL) {
      Intake.Place place = intake.place();
      if (!place.cover(length)) {
        refusal.full(routing.response());
        return;
      }
      routing.addEndHandler(ended -> place.close());
    }
    long late =
        routing
            .vertx()
            .setTimer(
                readTimeout.toMillis(),
                timer -> {
                  if (!request.isEnded() && !routing.response().ended()) {
                    request.connection().close();
                  }
                });
    routing.addEndHandler(ended -> routing.vertx().cancelTimer(late));
    routing.next();
  }

  /** Bytes that the body has, or may have where that is not said. */
  private static long length(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    try {
      return length == null ? Long.MAX_VALUE : Long.parseLong(length);
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }
}
