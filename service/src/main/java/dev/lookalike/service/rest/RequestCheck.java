package dev.lookalike.service.rest;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import jakarta.inject.Singleton;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.HttpHeaders;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/**
 * Refuses what no resource checks: unknown query parameters, values of the wrong type, a scalar
 * that is given twice, and compressed bodies. Thread-safe.
 */
@Singleton
public class RequestCheck {
  private final Map<Method, Map<String, Class<?>>> known = new ConcurrentHashMap<>();

  /**
   * @throws RefusedException INVALID_ARGUMENT with the name of the parameter,
   *     UNSUPPORTED_MEDIA_TYPE
   */
  @ServerRequestFilter
  public void check(ContainerRequestContext request, ResourceInfo resource) {
    String encoding = request.getHeaderString(HttpHeaders.CONTENT_ENCODING);
    if (encoding != null && !encoding.isBlank() && !encoding.equalsIgnoreCase("identity")) {
      throw new RefusedException(
          ErrorCode.UNSUPPORTED_MEDIA_TYPE,
          "compressed bodies (Content-Encoding) are not accepted");
    }
    check(
        request.getUriInfo().getQueryParameters(),
        known.computeIfAbsent(resource.getResourceMethod(), RequestCheck::parameters));
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
