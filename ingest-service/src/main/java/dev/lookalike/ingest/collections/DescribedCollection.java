package dev.lookalike.ingest.collections;

import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.ingest.v1.CollectionCounts;
import java.util.Optional;

/**
 * A collection with what other services say of it.
 *
 * @param problem why no model is bound, or why it cannot be searched, where that is known
 * @param counts empty where the query service does not tell
 */
public record DescribedCollection(
    CollectionState state, Optional<String> problem, Optional<CollectionCounts> counts) {
  /** A collection of which nobody else was asked. */
  public static DescribedCollection of(CollectionState state) {
    return new DescribedCollection(state, Optional.empty(), Optional.empty());
  }
}
