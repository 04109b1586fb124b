package dev.lookalike.query.index;

import dev.lookalike.query.filter.Filter;
import java.util.Optional;

/**
 * A question for neighbours.
 *
 * @param vector unit length, of the index's dimension; never written to
 * @param k neighbours wanted, from 1
 * @param exact whether every image that the filter matches is compared; else almost all of the true
 *     neighbours are found (recall@10 of at least 0.995)
 * @param after only neighbours that come after this place in the order; implies exact
 * @param embeddings whether the entries carry their embedding
 */
public record Nearest(
    float[] vector,
    int k,
    Filter filter,
    boolean exact,
    Optional<Place> after,
    boolean embeddings) {
  public Nearest {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, not " + k);
    }
  }

  /**
   * Makes sure that the question fits the index.
   *
   * @throws IllegalArgumentException for a vector of another length
   */
  public void requireDimension(int dimension) {
    if (vector.length != dimension) {
      throw new IllegalArgumentException(
          "vector of " + vector.length + " dimensions in an index of " + dimension);
    }
  }

  /** A place in the order of neighbours. */
  public record Place(float similarity, String imageId) {
    /** Whether a neighbour comes after this place. */
    public boolean isBefore(float otherSimilarity, String otherId) {
      return otherSimilarity < similarity
          || (otherSimilarity == similarity && otherId.compareTo(imageId) > 0);
    }
  }
}
