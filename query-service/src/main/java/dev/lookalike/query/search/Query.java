package dev.lookalike.query.search;

import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.metrics.QueryMetrics.SearchKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a valid search asks for, defaults filled in.
 *
 * @param positives at least one
 * @param k hits, or groups, of a page
 * @param groups how hits are grouped; empty: not at all
 * @param minSimilarity cosine, -1 to 1
 * @param exact whether every admitted image is compared
 * @param tokens uploads to wait for
 * @param patience how long to wait for them
 */
record Query(
    List<Example> positives,
    List<Example> negatives,
    int k,
    Filter filter,
    Optional<Groups> groups,
    Optional<Float> minSimilarity,
    boolean excludeSelf,
    boolean exact,
    boolean includeVectors,
    List<String> tokens,
    Duration patience) {
  /**
   * @param attribute whose equal values make a group
   * @param size hits of a group, at most
   */
  record Groups(String attribute, int size) {}

  Query {
    positives = List.copyOf(positives);
    negatives = List.copyOf(negatives);
    tokens = List.copyOf(tokens);
  }

  /** Positives, then negatives. */
  List<Example> examples() {
    List<Example> examples = new ArrayList<>(positives);
    examples.addAll(negatives);
    return examples;
  }

  /** An image makes it a search by image, an id without an image one by id. */
  SearchKind kind() {
    List<Example> examples = examples();
    if (examples.stream().anyMatch(Example::hasImage)) {
      return SearchKind.IMAGE;
    }
    return examples.stream().anyMatch(Example::hasImageId) ? SearchKind.ID : SearchKind.VECTOR;
  }
}
