package dev.lookalike.service.rest;

import dev.lookalike.service.access.AccessTable;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.Problem;
import dev.lookalike.service.error.RefusedException;
import jakarta.inject.Provider;
import jakarta.inject.Singleton;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what no resource checks: unknown methods and query parameters, values of the wrong type,
 * a scalar that is given twice, compressed bodies, and unacceptable media types. Thread-safe.
 */
@Singleton
public class RequestCheck {
  private final Map<Method, Map<String, Class<?>>> known = new ConcurrentHashMap<>();
  private final Provider<AccessTable> endpoints;

  /**
   * @param endpoints asked with the first request: filters are made before there is configuration
   */
  public RequestCheck(Provider<AccessTable> endpoints) {
    this.endpoints = endpoints;
  }

  /**
   * Distinguishes a method that a path does not allow from an unknown path: several resources share
   * path prefixes, and each knows only its own paths.
   */
  @ServerRequestFilter(preMatching = true)
  public @Nullable Response methodOf(ContainerRequestContext request) {
    Set<String> taken = endpoints.get().methods(request.getUriInfo().getRequestUri().getRawPath());
    String method = request.getMethod();
    if (taken.isEmpty()
        || taken.contains(method)
        || method.equals(HttpMethod.HEAD)
        || method.equals(HttpMethod.OPTIONS)) {
      return null;
    }
    return Response.fromResponse(
            Problem.response(
                new RefusedException(
                    ErrorCode.METHOD_NOT_ALLOWED,
                    "this path takes " + String.join(", ", taken) + ", not " + printable(method))))
        .header(HttpHeaders.ALLOW, String.join(", ", taken))
        .build();
  }

  /**
   * @throws RefusedException INVALID_ARGUMENT with the name of the parameter,
   *     UNSUPPORTED_MEDIA_TYPE, NOT_ACCEPTABLE
   */
  @ServerRequestFilter
  public void check(ContainerRequestContext request, ResourceInfo resource) {
    String encoding = request.getHeaderString(HttpHeaders.CONTENT_ENCODING);
    if (encoding != null && !encoding.isBlank() && !encoding.equalsIgnoreCase("identity")) {
      throw new RefusedException(
          ErrorCode.UNSUPPORTED_MEDIA_TYPE,
          "compressed bodies (Content-Encoding) are not accepted");
    }
    Produces produces = produces(resource);
    if (produces != null && !accepts(request.getAcceptableMediaTypes(), produces.value())) {
      throw new RefusedException(
          ErrorCode.NOT_ACCEPTABLE, "this path gives " + String.join(", ", produces.value()));
    }
    check(
        request.getUriInfo().getQueryParameters(),
        known.computeIfAbsent(resource.getResourceMethod(), RequestCheck::parameters));
  }

  private static @Nullable Produces produces(ResourceInfo resource) {
    Produces own = resource.getResourceMethod().getAnnotation(Produces.class);
    return own == null ? resource.getResourceClass().getAnnotation(Produces.class) : own;
  }

  private static boolean accepts(List<MediaType> accepted, String[] given) {
    return accepted.isEmpty()
        || Arrays.stream(given)
            .map(MediaType::valueOf)
            .anyMatch(type -> accepted.stream().anyMatch(each -> each.isCompatible(type)));
  }

  static void check(Map<String, List<String>> given, Map<String, Class<?>> known) {
    given.forEach(
        (name, values) -> {
          Class<?> type = known.get(name);
          if (type == null) {
            throw invalid(
                "unknown query parameter \"%s\"; %s"
                    .formatted(
                        printable(name),
                        known.isEmpty()
                            ? "this path takes none"
                            : "this path takes " + String.join(", ", known.keySet())));
          }
          if (values.size() > 1 && !Collection.class.isAssignableFrom(type)) {
            throw invalid("query parameter \"%s\" is given twice".formatted(name));
          }
          values.forEach(value -> check(name, value, type));
        });
  }

  private static void check(String name, String value, Class<?> type) {
    try {
      if (type == int.class || type == Integer.class) {
        Integer.parseInt(value);
      } else if (type == long.class || type == Long.class) {
        Long.parseLong(value);
      } else if (type == float.class || type == Float.class) {
        Float.parseFloat(value);
      } else if ((type == boolean.class || type == Boolean.class)
          && !value.equals("true")
          && !value.equals("false")) {
        throw invalid("query parameter \"%s\" must be true or false".formatted(name));
      }
    } catch (NumberFormatException e) {
      throw invalid("query parameter \"%s\" is not a number of its type".formatted(name));
    }
  }

  /** The query parameters of a resource, by name. */
  static Map<String, Class<?>> parameters(Method method) {
    Map<String, Class<?>> parameters = new TreeMap<>();
    for (Parameter parameter : method.getParameters()) {
      QueryParam query = parameter.getAnnotation(QueryParam.class);
      RestQuery rest = parameter.getAnnotation(RestQuery.class);
      if (query != null) {
        parameters.put(query.value(), parameter.getType());
      } else if (rest != null) {
        parameters.put(
            rest.value().isEmpty() ? parameter.getName() : rest.value(), parameter.getType());
      }
    }
    return parameters;
  }

  private static RefusedException invalid(String detail) {
    return new RefusedException(ErrorCode.INVALID_ARGUMENT, detail);
  }

  private static String printable(String name) {
    String kept = name.replaceAll("[^\\x20-\\x7e]", "?");
    return kept.length() > 64 ? kept.substring(0, 64) + "..." : kept;
  }
}
