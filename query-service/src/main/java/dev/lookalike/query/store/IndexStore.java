package dev.lookalike.query.store;

import dev.lookalike.log.RegistryView;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.VectorIndex;

/**
 * Where the indexes are. An index that is made beside the one that answers takes its place by
 * {@link #promote}.
 */
public interface IndexStore extends IndexSource, AutoCloseable {
  /** Makes an empty index of a build, beside the one that answers. */
  VectorIndex openNext(Collection collection, Build build);

  /** Makes what {@link #openNext} has opened the index of the build. The former one may be open. */
  void promote(Collection collection, Build build, VectorIndex next);

  /** Deletes all indexes of a build but the one that answers. None of them is open. */
  void deleteOthers(Collection collection, Build build);

  /** Whether the index was made otherwise than it would be made now. */
  boolean isOutdated(VectorIndex index);

  /** Runs a deletion if nobody follows the build. */
  interface Deletion {
    void unlessFollowed(String collectionId, String buildId, Runnable delete);
  }

  /**
   * Deletes the indexes of collections that are deleted, and those of builds that nobody follows
   * any more. What belongs to no collection that the registry has ever told of is left alone.
   */
  void sweep(RegistryView view, Deletion deletion);

  @Override
  void close();
}
