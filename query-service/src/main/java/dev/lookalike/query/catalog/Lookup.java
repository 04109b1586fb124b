package dev.lookalike.query.catalog;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;

/** How a collection stands. */
public sealed interface Lookup {
  /**
   * Its index answers.
   *
   * @param collection with its present name
   * @param build whose index it is
   */
  record Ready(Collection collection, Build build, VectorIndex index) implements Lookup {
    /** Names the index. */
    public IndexKey key() {
      return new IndexKey(collection.getId(), build.getId());
    }
  }

  /**
   * Its index does not answer yet.
   *
   * @param since when it was first missed, as {@link System#nanoTime}
   * @param away whether the engine that holds the index does not answer: then a short wait does not
   *     help
   */
  record NotReady(String reason, long since, boolean away) implements Lookup {}

  /**
   * No model is bound to it yet.
   *
   * @param since when that was first seen, as {@link System#nanoTime}
   */
  record NotBound(long since) implements Lookup {}

  /** There is no such collection. */
  record Unknown() implements Lookup {}

  /**
   * The index that answers, or a refusal that says why there is none.
   *
   * @param nameOrId what was looked up
   * @throws RefusedException COLLECTION_NOT_FOUND, NOT_BOUND, CATCHING_UP, STORAGE_UNAVAILABLE
   */
  default Ready orRefuse(String nameOrId) {
    return switch (this) {
      case Ready ready -> ready;
      case NotReady notReady ->
          throw notReady.away()
              ? new RefusedException(
                  ErrorCode.STORAGE_UNAVAILABLE,
                  "The index cannot be read at the moment: " + notReady.reason() + ".")
              : new RefusedException(
                  ErrorCode.CATCHING_UP,
                  "The index does not answer yet: " + notReady.reason() + ".");
      case NotBound notBound ->
          throw new RefusedException(
              ErrorCode.NOT_BOUND, "No model is bound to the collection yet.");
      case Unknown unknown ->
          throw new RefusedException(
              ErrorCode.COLLECTION_NOT_FOUND,
              "No collection is named \"" + named(nameOrId) + "\".");
    };
  }

  private static String named(String nameOrId) {
    if (nameOrId.isEmpty()) {
      return "default";
    }
    return nameOrId.length() <= 64 ? nameOrId : nameOrId.substring(0, 64) + "...";
  }
}
