package dev.lookalike.query.index;

import dev.lookalike.query.filter.Filter;
import java.util.Optional;
import java.util.Set;

/**
 * A page of entries in the order of their ids.
 *
 * @param states at least one
 * @param after only larger ids than this
 * @param limit entries at most, from 1
 * @param embeddings whether the entries carry their embedding
 */
public record Listing(
    Filter filter, Set<State> states, Optional<String> after, int limit, boolean embeddings) {
  public Listing {
    states = Set.copyOf(states);
    if (limit < 1 || states.isEmpty()) {
      throw new IllegalArgumentException("a page needs a limit and a state");
    }
  }
}
