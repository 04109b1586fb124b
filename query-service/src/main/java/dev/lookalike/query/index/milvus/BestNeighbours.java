package dev.lookalike.query.index.milvus;

import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.FilterMatcher;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Neighbour;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;

/** Keeps the best neighbours among the entries that it is shown. */
final class BestNeighbours {
  private static final Comparator<Neighbour> BEST_FIRST =
      Comparator.comparing(Neighbour::similarity)
          .reversed()
          .thenComparing(neighbour -> neighbour.entry().imageId());

  private final Nearest query;
  private final PriorityQueue<Neighbour> kept = new PriorityQueue<>(BEST_FIRST.reversed());
  private float worst = 1;

  BestNeighbours(Nearest query) {
    this.query = query;
  }

  /**
   * Shows an entry. Only one with an embedding, and that the filter matches, can be a neighbour.
   */
  void add(Entry entry) {
    Optional<float[]> vector = entry.embedding();
    if (vector.isEmpty() || !FilterMatcher.matches(query.filter(), entry)) {
      return;
    }
    float similarity = similarity(query.vector(), vector.get());
    worst = Math.min(worst, similarity);
    if (query.after().filter(place -> !place.isBefore(similarity, entry.imageId())).isPresent()) {
      return;
    }
    kept.add(new Neighbour(query.embeddings() ? entry : withoutEmbedding(entry), similarity));
    if (kept.size() > query.k()) {
      kept.remove();
    }
  }

  /** Similarity of the worst that was shown; 1 if none was. */
  float worst() {
    return worst;
  }

  /** At most k of them, the best first. */
  List<Neighbour> neighbours() {
    List<Neighbour> neighbours = new ArrayList<>(kept);
    neighbours.sort(BEST_FIRST);
    return neighbours;
  }

  private static Entry withoutEmbedding(Entry entry) {
    return new Entry(
        entry.imageId(),
        entry.version(),
        entry.state(),
        entry.outcome(),
        entry.attributes(),
        entry.labels(),
        Optional.empty());
  }

  /** Cosine of two unit vectors; rounding never takes it beyond -1 and 1. */
  private static float similarity(float[] one, float[] other) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int i = 0;
    for (; i + 3 < one.length; i += 4) {
      a += one[i] * other[i];
      b += one[i + 1] * other[i + 1];
      c += one[i + 2] * other[i + 2];
      d += one[i + 3] * other[i + 3];
    }
    for (; i < one.length; i++) {
      a += one[i] * other[i];
    }
    return Math.clamp(a + b + c + d, -1f, 1f);
  }
}
