package dev.lookalike.query.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.regex.Pattern;

/**
 * Says that the body of a search is an image where its sender does not say what it is. Two methods
 * share the path, and without a Content-Type the one for JSON would be taken.
 */
@Singleton
class ImageByDefault {
  private static final Pattern SEARCH = Pattern.compile("/v1/collections/[^/]+/search");
  private static final String BYTES = "application/octet-stream";

  /** After the gates, which look at nothing that is changed here. */
  private static final int LAST = 100;

  void register(@Observes Filters filters) {
    filters.register(ImageByDefault::complete, LAST);
  }

  private static void complete(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    if (request.method().equals(HttpMethod.POST)
        && request.getHeader(HttpHeaders.CONTENT_TYPE) == null
        && SEARCH.matcher(routing.normalizedPath()).matches()) {
      request.headers().set(HttpHeaders.CONTENT_TYPE, BYTES);
    }
    routing.next();
  }
}
