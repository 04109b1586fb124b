package dev.lookalike.query.store;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.VectorIndex;
import java.util.Optional;

/** Where the follower of a build has its index from. */
public interface IndexSource {
  /** Opens the index of a build, empty if there is none that can be used. */
  VectorIndex open(Collection collection, Build build);

  /** Whether an index that is open is still the one to have; another process may flip it. */
  boolean isCurrent(Collection collection, Build build, VectorIndex index);

  /** Forgets what {@link #open} opens, which is not open. */
  void delete(Collection collection, Build build);

  /** Whether this process writes the indexes; else another does. */
  boolean writes();

  /** What to say while the engine does not answer; empty: it does. */
  Optional<String> away();
}
