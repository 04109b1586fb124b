package dev.lookalike.service.access;

import dev.lookalike.service.admission.UnreadBodies;
import dev.lookalike.service.error.Problem;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Admits HTTP requests that may proceed, and refuses the others before their body is read. */
@Singleton
public class HttpGate {
  /**
   * After {@link dev.lookalike.service.admission.UnreadBodies} and before anything that reserves
   * memory for a body.
   */
  private static final int SECOND = UnreadBodies.FIRST - 1;

  private final Access access;

  public HttpGate(Access access) {
    this.access = access;
  }

  void register(@Observes Filters filters) {
    filters.register(this::admit, SECOND);
  }

  private void admit(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    String path = routing.normalizedPath();
    switch (access.request(
        request.method().name(),
        path == null ? "" : path,
        request.getHeader(HttpHeaders.AUTHORIZATION))) {
      case Access.Verdict.Admitted admitted -> {
        admitted.caller().enter(routing);
        routing.next();
      }
      case Access.Verdict.Refused refused -> Problem.send(routing.response(), refused.reason());
    }
  }
}
