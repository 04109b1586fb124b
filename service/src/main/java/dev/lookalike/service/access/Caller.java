package dev.lookalike.service.access;

import dev.lookalike.access.AccessKey;
import dev.lookalike.access.Role;
import io.grpc.Context;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;

/** Who asks, and what that opens. Immutable. */
public final class Caller {
  /** The collection that is meant where none is named. */
  private static final String DEFAULT = "default";

  private static final String IN_ROUTING = Caller.class.getName();
  private static final Context.Key<Caller> IN_CALL = Context.key("caller");

  /** Where no keys are configured: may everything. */
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
   * @throws IllegalStateException if nobody has let it in
   */
  public static Caller of(RoutingContext routing) {
    return present(routing.get(IN_ROUTING));
  }

  /**
   * Who makes the present call over gRPC.
   *
   * @throws IllegalStateException if nobody has let it in
   */
  public static Caller ofCall() {
    return present(IN_CALL.get());
  }

  private static Caller present(@org.jspecify.annotations.Nullable Caller caller) {
    if (caller == null) {
      throw new IllegalStateException("a request that nobody has let in");
    }
    return caller;
  }

  void enter(RoutingContext routing) {
    routing.put(IN_ROUTING, this);
  }

  Context enter(Context context) {
    return context.withValue(IN_CALL, this);
  }

  /** Whether a key was asked for: then the answer is for its holder only. */
  public boolean hasKey() {
    return key.isPresent();
  }

  /** Whether it may read a collection; one that is not known is taken by the name given. */
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
