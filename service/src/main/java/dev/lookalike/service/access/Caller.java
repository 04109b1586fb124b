package dev.lookalike.service.access;

import dev.lookalike.access.AccessKey;
import dev.lookalike.access.Role;
import io.grpc.Context;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;

/** Who sent a request, and what that caller may do. Immutable. */
public final class Caller {
  /** The collection of a request that names none. */
  private static final String DEFAULT = "default";

  private static final String IN_ROUTING = Caller.class.getName();
  private static final Context.Key<Caller> IN_CALL = Context.key("caller");

  /** The caller if no keys are configured; may do everything. */
  static final Caller ANYBODY = new Caller(Optional.empty(), name -> Optional.empty());

  private final Optional<AccessKey> key;
  private final CollectionNames names;

  private Caller(Optional<AccessKey> key, CollectionNames names) {
    this.key = key;
    this.names = names;
  }

  static Caller with(AccessKey key, CollectionNames names) {
    return new Caller(Optional.of(key), names);
  }

  /**
   * Who sent a request over HTTP.
   *
   * @throws IllegalStateException if the request was not checked
   */
  public static Caller of(RoutingContext routing) {
    return present(routing.get(IN_ROUTING));
  }

  /**
   * Who makes the current gRPC call.
   *
   * @throws IllegalStateException if the request was not checked
   */
  public static Caller ofCall() {
    return present(IN_CALL.get());
  }

  private static Caller present(@org.jspecify.annotations.Nullable Caller caller) {
    if (caller == null) {
      throw new IllegalStateException("the request was not checked");
    }
    return caller;
  }

  void enter(RoutingContext routing) {
    routing.put(IN_ROUTING, this);
  }

  Context enter(Context context) {
    return context.withValue(IN_CALL, this);
  }

  /** Whether a key was required: then the answer is for its holder only. */
  public boolean hasKey() {
    return key.isPresent();
  }

  /** Whether the caller may read a collection; an unknown collection counts by the given name. */
  public boolean mayRead(String nameOrId) {
    return may(Role.READER, nameOrId);
  }

  boolean may(Role role, String nameOrId) {
    return key.isEmpty()
        || key.get()
            .may(role, names.nameOf(nameOrId).orElse(nameOrId.isEmpty() ? DEFAULT : nameOrId));
  }

  boolean maySomewhere(Role role) {
    return key.isEmpty() || key.get().maySomewhere(role);
  }

  boolean mayEverywhere(Role role) {
    return key.isEmpty() || key.get().mayEverywhere(role);
  }
}
