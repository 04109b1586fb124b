package dev.lookalike.query.store;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.VectorIndex;
import java.util.Optional;

/**
 * Where the follower of a build gets its index from. What fails throws {@link
 * dev.lookalike.query.index.IndexException}.
 */
public interface IndexSource {
  /** Opens the index of a build; an empty one if there is none, or none that can be used. */
  VectorIndex open(Collection collection, Build build);

  /** Whether an index that is open is still the one that answers; another process may change it. */
  boolean isCurrent(Collection collection, Build build, VectorIndex index);

  /**
   * Deletes the index that {@link #open} opens; it must not be open. Deleting what is not there
   * does nothing.
   */
  void delete(Collection collection, Build build);

  /** Whether this process writes the indexes; else another does. */
  boolean writes();

  /** Why the engine cannot be used at the moment; empty: it can. */
  Optional<String> away();
}
