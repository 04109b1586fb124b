package dev.lookalike.ingest.collections;

import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.ingest.v1.CollectionCounts;
import java.util.Optional;

/**
 * A collection with what other services say about it.
 *
 * @param problem why no model is bound, or why it cannot be searched, if known
 * @param counts empty if the query service does not answer
 */
public record DescribedCollection(
    CollectionState state, Optional<String> problem, Optional<CollectionCounts> counts) {
  /** A collection about which no other service was asked. */
  public static DescribedCollection of(CollectionState state) {
    return new DescribedCollection(state, Optional.empty(), Optional.empty());
  }
}
