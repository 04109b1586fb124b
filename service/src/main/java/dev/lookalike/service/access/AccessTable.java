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
 * Every endpoint of a service with the role that it requires. Anything not listed is refused.
 * Immutable.
 */
public final class AccessTable {
  /** The path variable that stands for the collection. */
  private static final String COLLECTION = "{collection}";

  /** Where the caller must have the role. */
  enum Reach {
    /** No key is required. */
    OPEN,
    /**
     * In at least one collection: the answer is limited to the collections that the caller may
     * read.
     */
    SOMEWHERE,
    /** In the collection of the request. */
    COLLECTION,
    /** In all collections. */
    EVERYWHERE
  }

  /**
   * What a request requires.
   *
   * @param collection reads the collection from a gRPC message; over HTTP it is in the path
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

  /** A need with the collection in the path; empty if the path names none. */
  record Requested(Need need, String collection) {}

  private record Route(String method, List<String> path, Need need) {}

  private final Map<String, Need> calls;
  private final List<Route> routes;

  private AccessTable(Builder builder) {
    this.calls = Map.copyOf(builder.calls);
    this.routes = List.copyOf(builder.routes);
  }

  /**
   * Starts a table with the endpoints of Quarkus. Health is open because probes have no keys.
   *
   * @param openMetrics whether the metrics are open, too
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

  /** Collects the endpoints of a service. */
  public static final class Builder {
    private final Map<String, Need> calls = new HashMap<>();
    private final List<Route> routes = new ArrayList<>();

    private Builder() {}

    /** A call that requires the role in the collection named by its message. */
    public <Q> Builder in(Role role, MethodDescriptor<Q, ?> method, Function<Q, String> nameOrId) {
      @SuppressWarnings("unchecked") // The method's own marshaller made the message.
      Function<Object, String> collection = message -> nameOrId.apply((Q) message);
      calls.put(method.getFullMethodName(), new Need(role, Reach.COLLECTION, collection));
      return this;
    }

    /**
     * A request that requires the role in the collection named by its path.
     *
     * @param path with variables in braces; one of them is the collection
     */
    public Builder in(Role role, String method, String path) {
      if (!path.contains("/" + COLLECTION)) {
        throw new IllegalArgumentException(path + " names no collection");
      }
      return route(method, path, new Need(role, Reach.COLLECTION, message -> ""));
    }

    /**
     * A call that requires the role in at least one collection; its answer is limited to what the
     * {@link Caller} may read.
     */
    public Builder somewhere(Role role, MethodDescriptor<?, ?> method) {
      calls.put(method.getFullMethodName(), Need.somewhere(role));
      return this;
    }

    /** The same over HTTP. */
    public Builder somewhere(Role role, String method, String path) {
      return route(method, path, Need.somewhere(role));
    }

    /** A call that requires the role in all collections. */
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

  /** What a gRPC method requires; empty if it is not in the table. */
  Optional<Need> call(String fullMethodName) {
    return Optional.ofNullable(calls.get(fullMethodName));
  }

  /** The methods that a path allows; empty if there is nothing at the path. */
  public Set<String> methods(String path) {
    return routes.stream()
        .map(Route::method)
        .filter(method -> request(method, path).isPresent())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * What a request requires; empty if it is not in the table. An ambiguous path is never found: the
   * path checked here must be the one routed later.
   *
   * @param path as routed, percent-encoded
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
    // HEAD requires what GET requires.
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
