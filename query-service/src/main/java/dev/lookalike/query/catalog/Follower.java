package dev.lookalike.query.catalog;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.store.IndexSource;
import java.util.Optional;

/** Keeps the index of one build true to the log, in a thread of its own. Thread-safe. */
public interface Follower extends AutoCloseable {
  /** Makes a follower, which does nothing before {@link #start}. */
  interface Factory {
    /**
     * @param source where it gets its index
     */
    Follower of(Collection collection, Build build, IndexSource source);
  }

  /** Whose index it is. */
  Collection collection();

  /** Whose index it is. */
  Build build();

  /** Begins to follow; once. */
  void start();

  /** The index, while it is open. */
  Optional<VectorIndex> index();

  /**
   * Whether everything that the log held when the index was opened is in it. Stays true while the
   * broker is away.
   */
  boolean caughtUp();

  /** What keeps the index from following the log; empty: nothing. */
  Optional<String> problem();

  /** Records between the index and the end of the log, as last heard from the broker. */
  long lag();

  /** Stops, with a last commit. A second call does nothing. */
  @Override
  void close();
}
