package dev.lookalike.service.access;

import dev.lookalike.access.Role;
import io.grpc.MethodDescriptor;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Every endpoint of a service with the role that it needs. What is not in it is refused. Immutable.
 */
public final class AccessTable {
  /** The variable of a path that stands for the collection. */
  private static final String COLLECTION = "{collection}";

  /** Where the role is needed. */
  enum Reach {
    /** Nobody is asked. */
    OPEN,
    /** In any collection: the answer is limited to those that the caller may read. */
    SOMEWHERE,
    /** In the collection of the request. */
    COLLECTION,
    /** In all. */
    EVERYWHERE
  }

  /**
   * What a request needs.
   *
   * @param collection of a request over gRPC, by its message; over HTTP it is in the path
   */
  record Need(Role role, Reach reach, Function<Object, String> collection) {
    static final Need NOTHING = new Need(Role.READER, Reach.OPEN, message -> "");

    static Need somewhere(Role role) {
      return new Need(role, Reach.SOMEWHERE, message -> "");
    }

    static Need everywhere(Role role) {
      return new Need(role, Reach.EVERYWHERE, message -> "");
    }
  }

  /** A need with the collection that the path names, if it is a need of one. */
  record Requested(Need need, String collection) {}

  private record Route(String method, List<String> path, Need need) {}

  private final Map<String, Need> calls;
  private final List<Route> routes;

  private AccessTable(Builder builder) {
    this.calls = Map.copyOf(builder.calls);
    this.routes = List.copyOf(builder.routes);
  }

  /**
   * A table that begins with what Quarkus serves. Health is open, since probes have no keys.
   *
   * @param openMetrics whether the metrics are, too
   */
  public static Builder builder(boolean openMetrics) {
    Builder builder = new Builder();
    for (String health : List.of("", "/live", "/ready", "/started")) {
      builder.route("GET", "/q/health" + health, Need.NOTHING);
    }
    builder.route("GET", "/q/metrics", openMetrics ? Need.NOTHING : Need.somewhere(Role.READER));
    builder.somewhere(Role.READER, "GET", "/q/openapi");
    for (String method : List.of("Check", "Watch", "List")) {
      builder.calls.put("grpc.health.v1.Health/" + method, Need.NOTHING);
    }
    for (String version : List.of("v1", "v1alpha")) {
      builder.calls.put(
          "grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo",
          Need.somewhere(Role.READER));
    }
    return builder;
  }

  /** Takes the endpoints of a service. */
  public static final class Builder {
    private final Map<String, Need> calls = new HashMap<>();
    private final List<Route> routes = new ArrayList<>();

    private Builder() {}

    /** A call that needs the role in the collection that its message names. */
    public <Q> Builder in(Role role, MethodDescriptor<Q, ?> method, Function<Q, String> nameOrId) {
      @SuppressWarnings("unchecked") // The method's own marshaller made the message.
      Function<Object, String> collection = message -> nameOrId.apply((Q) message);
      calls.put(method.getFullMethodName(), new Need(role, Reach.COLLECTION, collection));
      return this;
    }

    /**
     * A request that needs the role in the collection of its path.
     *
     * @param path with variables in braces, of which one is the collection
     */
    public Builder in(Role role, String method, String path) {
      if (!path.contains("/" + COLLECTION)) {
        throw new IllegalArgumentException(path + " names no collection");
      }
      return route(method, path, new Need(role, Reach.COLLECTION, message -> ""));
    }

    /** A call that needs the role in any collection, and limits its answer to {@link Caller}'s. */
    public Builder somewhere(Role role, MethodDescriptor<?, ?> method) {
      calls.put(method.getFullMethodName(), Need.somewhere(role));
      return this;
    }

    /** The same over HTTP. */
    public Builder somewhere(Role role, String method, String path) {
      return route(method, path, Need.somewhere(role));
    }

    /** A call that needs the role in all collections. */
    public Builder everywhere(Role role, MethodDescriptor<?, ?> method) {
      calls.put(method.getFullMethodName(), Need.everywhere(role));
      return this;
    }

    /** The same over HTTP. */
    public Builder everywhere(Role role, String method, String path) {
      return route(method, path, Need.everywhere(role));
    }

    private Builder route(String method, String path, Need need) {
      routes.add(new Route(method, segments(path), need));
      return this;
    }

    public AccessTable build() {
      return new AccessTable(this);
    }
  }

  /** What a gRPC method needs; empty where it is not in the table. */
  Optional<Need> call(String fullMethodName) {
    return Optional.ofNullable(calls.get(fullMethodName));
  }

  /** The methods that a path takes; none where there is nothing at the path. */
  public Set<String> methods(String path) {
    return routes.stream()
        .map(Route::method)
        .filter(method -> request(method, path).isPresent())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * What a request needs; empty where it is not in the table. A path that two readers could read in
   * two ways is in no table: what is checked here must be what is routed later.
   *
   * @param path as it is routed, percent-encoded
   */
  Optional<Requested> request(String method, String path) {
    String plain = path.toLowerCase(Locale.ROOT);
    if (!path.startsWith("/")
        || plain.contains(";")
        || plain.contains("\\")
        || plain.contains("%2f")
        || plain.contains("%5c")
        || plain.contains("%3b")) {
      return Optional.empty();
    }
    List<String> segments = segments(path);
    if (segments.stream().anyMatch(s -> s.isEmpty() || s.equals(".") || s.equals(".."))) {
      return Optional.empty();
    }
    // What is asked for with HEAD is what is asked for with GET.
    String wanted = method.equals("HEAD") ? "GET" : method;
    for (Route route : routes) {
      if (route.method().equals(wanted) && matches(route.path(), segments)) {
        int at = route.path().indexOf(COLLECTION);
        return decoded(at < 0 ? "" : segments.get(at))
            .map(collection -> new Requested(route.need(), collection));
      }
    }
    return Optional.empty();
  }

  private static boolean matches(List<String> pattern, List<String> segments) {
    if (pattern.size() != segments.size()) {
      return false;
    }
    for (int i = 0; i < pattern.size(); i++) {
      if (!pattern.get(i).startsWith("{") && !pattern.get(i).equals(segments.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static List<String> segments(String path) {
    return List.of(path.substring(1).split("/", -1));
  }

  private static Optional<String> decoded(String segment) {
    try {
      return Optional.of(URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The full names of the gRPC methods. */
  public Set<String> calls() {
    return new TreeSet<>(calls.keySet());
  }

  /** The endpoints over HTTP, as {@code GET /v1/collections/{collection}}. */
  public Set<String> requests() {
    Set<String> all = new TreeSet<>();
    routes.forEach(route -> all.add(route.method() + " /" + String.join("/", route.path())));
    return all;
  }
}
