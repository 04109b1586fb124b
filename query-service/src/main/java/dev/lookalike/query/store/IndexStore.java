package dev.lookalike.query.store;

import dev.lookalike.log.RegistryView;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.VectorIndex;

/**
 * Keeps the indexes of all builds. A build has one index that answers; another can be made beside
 * it, and takes its place by {@link #promote}. An index that is closed without being promoted is
 * given up: the store holds on to nothing of it, and {@link #deleteOthers} deletes it.
 *
 * <p>One suite of tests holds every implementation to this. Thread-safe.
 */
public interface IndexStore extends IndexSource, AutoCloseable {
  /** Makes an empty index of a build, beside the one that answers and any other. */
  VectorIndex openNext(Collection collection, Build build);

  /**
   * Makes an index the one that answers, and durable with all that was applied to it. The former
   * one may be open, and stays readable until it is deleted. Promoting the index that answers
   * already changes nothing: so after a failure, which may have come too late, it can be tried
   * again.
   *
   * @param next open, made by {@link #openNext} of this build
   * @throws dev.lookalike.query.index.IndexException if it is closed, or the engine fails
   */
  void promote(Collection collection, Build build, VectorIndex next);

  /** Deletes all indexes of a build but the one that answers. None of them is open. */
  void deleteOthers(Collection collection, Build build);

  /** Whether the index would be made in another way now, by its settings or its format. */
  boolean isOutdated(VectorIndex index);

  /** Runs a deletion if nobody follows the build. */
  interface Deletion {
    void unlessFollowed(String collectionId, String buildId, Runnable delete);
  }

  /**
   * Deletes the indexes of deleted collections, and those of builds that nobody follows. Leaves
   * alone what belongs to a collection that the registry does not mention.
   */
  void sweep(RegistryView view, Deletion deletion);

  /** Lets go of the engine. A second call does nothing. */
  @Override
  void close();
}
