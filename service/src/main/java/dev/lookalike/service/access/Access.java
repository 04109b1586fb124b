package dev.lookalike.service.access;

import dev.lookalike.access.KeyFile;
import dev.lookalike.access.KeyRing;
import dev.lookalike.access.Role;
import dev.lookalike.service.access.AccessMetrics.Reason;
import dev.lookalike.service.access.AccessTable.Need;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Decides who may do what, for both protocols. Allows everything without a key file. Thread-safe;
 * does not block.
 */
@Singleton
public class Access {
  private static final Logger LOG = Logger.getLogger(Access.class);
  private static final String SCHEME = "Bearer ";

  private final AccessTable table;
  private final CollectionNames names;
  private final AccessMetrics metrics;
  private final Optional<KeyRing> keys;

  /**
   * @throws IllegalStateException if the key file cannot be used
   */
  public Access(
      AccessSettings settings, AccessTable table, CollectionNames names, AccessMetrics metrics) {
    this.table = table;
    this.names = names;
    this.metrics = metrics;
    this.keys = settings.keysFile().map(file -> ring(file, settings));
    keys.ifPresent(metrics::watch);
  }

  private static KeyRing ring(Path file, AccessSettings settings) {
    try {
      KeyRing ring = new KeyRing(file, settings.reloadEvery(), InstantSource.system(), LOG::warn);
      LOG.infof("every request requires one of the %d access keys in %s", ring.size(), file);
      return ring;
    } catch (KeyFile.UnusableException e) {
      throw new IllegalStateException(
          "lookalike.access.keys-file=%s cannot be used: %s".formatted(file, e.reason()), e);
    }
  }

  /** The decision on a request. */
  sealed interface Verdict {
    /** The request may proceed. */
    record Admitted(Caller caller) implements Verdict {}

    /** The request is refused. */
    record Refused(RefusedException reason) implements Verdict {}
  }

  /** The valid keys; empty if none is required. */
  Optional<KeyRing> keys() {
    return keys;
  }

  /**
   * Decides whether an HTTP request may proceed. Does not look at its body.
   *
   * @param path as routed
   * @param authorization value of the header
   */
  Verdict request(String method, String path, @Nullable String authorization) {
    if (keys.isEmpty()) {
      return new Verdict.Admitted(Caller.ANYBODY);
    }
    Optional<AccessTable.Requested> requested = table.request(method, path);
    if (requested.isPresent() && requested.get().need().reach() == AccessTable.Reach.OPEN) {
      return new Verdict.Admitted(Caller.ANYBODY);
    }
    return switch (caller(keys.get(), authorization)) {
      case Verdict.Refused refused -> refused;
      case Verdict.Admitted admitted ->
          requested.isEmpty()
              ? refused(Reason.NOT_IN_TABLE, "no key allows this method on this path")
              : requested.get().need().reach() == AccessTable.Reach.COLLECTION
                  ? inCollection(
                      admitted, requested.get().need().role(), requested.get().collection())
                  : beforeMessage(admitted, requested.get().need());
    };
  }

  /**
   * Decides whether a gRPC call may proceed. Each message must also pass {@link #message}.
   *
   * @param authorization value of the metadata entry
   */
  Verdict call(String fullMethodName, @Nullable String authorization) {
    if (keys.isEmpty()) {
      return new Verdict.Admitted(Caller.ANYBODY);
    }
    Optional<Need> need = table.call(fullMethodName);
    if (need.isPresent() && need.get().reach() == AccessTable.Reach.OPEN) {
      return new Verdict.Admitted(Caller.ANYBODY);
    }
    return switch (caller(keys.get(), authorization)) {
      case Verdict.Refused refused -> refused;
      case Verdict.Admitted admitted ->
          need.isEmpty()
              ? refused(Reason.NOT_IN_TABLE, "no key allows this method")
              : beforeMessage(admitted, need.get());
    };
  }

  /** Decides whether a message of an admitted call may proceed. */
  Verdict message(String fullMethodName, Caller caller, Object message) {
    Verdict admitted = new Verdict.Admitted(caller);
    if (!caller.hasKey()) {
      return admitted;
    }
    Need need = table.call(fullMethodName).orElseThrow();
    return need.reach() == AccessTable.Reach.COLLECTION
        ? inCollection(new Verdict.Admitted(caller), need.role(), need.collection().apply(message))
        : admitted;
  }

  private Verdict caller(KeyRing ring, @Nullable String authorization) {
    if (authorization == null) {
      return refused(Reason.NO_KEY, "a key is required: Authorization: Bearer lk_...");
    }
    // HTTP schemes ignore case.
    if (!authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return refused(Reason.UNKNOWN_KEY, "the Authorization scheme must be Bearer");
    }
    return switch (ring.holder(authorization.substring(SCHEME.length()).strip())) {
      case KeyRing.Holder.Known known -> new Verdict.Admitted(Caller.with(known.key(), names));
      case KeyRing.Holder.Expired expired ->
          refused(Reason.EXPIRED_KEY, "the key " + expired.key().id() + " has expired");
      case KeyRing.Holder.Unknown() -> refused(Reason.UNKNOWN_KEY, "the key is unknown");
    };
  }

  /** The decision before a message names a collection. */
  private Verdict beforeMessage(Verdict.Admitted admitted, Need need) {
    boolean may =
        switch (need.reach()) {
          case OPEN -> true;
          case SOMEWHERE, COLLECTION -> admitted.caller().maySomewhere(need.role());
          case EVERYWHERE -> admitted.caller().mayEverywhere(need.role());
        };
    return may
        ? admitted
        : refused(
            Reason.NO_GRANT,
            "the key lacks the role "
                + need.role().word()
                + (need.reach() == AccessTable.Reach.EVERYWHERE ? " in all collections" : ""));
  }

  private Verdict inCollection(Verdict.Admitted admitted, Role role, String collection) {
    return admitted.caller().may(role, collection)
        ? admitted
        : refused(Reason.NO_GRANT, "the key lacks the role " + role.word() + " in this collection");
  }

  private Verdict refused(Reason reason, String detail) {
    metrics.refused(reason);
    ErrorCode code =
        switch (reason) {
          case NO_KEY, UNKNOWN_KEY, EXPIRED_KEY -> ErrorCode.UNAUTHENTICATED;
          case NO_GRANT, NOT_IN_TABLE -> ErrorCode.PERMISSION_DENIED;
        };
    return new Verdict.Refused(new RefusedException(code, detail));
  }

  @PreDestroy
  void close() {
    keys.ifPresent(KeyRing::close);
  }
}
