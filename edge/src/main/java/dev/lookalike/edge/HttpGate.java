package dev.lookalike.edge;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Lets HTTP requests in that may go on, and answers the others before anything is read of them. */
@Singleton
public class HttpGate {
  /** After {@link UnreadBodies} and before whatever holds room for a body. */
  private static final int SECOND = UnreadBodies.FIRST - 1;

  private final Access access;
  private final Wording wording;

  public HttpGate(Access access, Wording wording) {
    this.access = access;
    this.wording = wording;
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
      case Access.Verdict.Refused refused -> refuse(routing, refused);
    }
  }

  private void refuse(RoutingContext routing, Access.Verdict.Refused refused) {
    Wording.Problem problem = wording.problem(refused.refusal(), refused.detail());
    routing
        .response()
        .setStatusCode(problem.status())
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/problem+json");
    if (refused.refusal() == Refusal.UNAUTHENTICATED) {
      routing.response().putHeader("WWW-Authenticate", "Bearer realm=\"lookalike\"");
    }
    var unused = routing.response().end(problem.json());
  }
}
