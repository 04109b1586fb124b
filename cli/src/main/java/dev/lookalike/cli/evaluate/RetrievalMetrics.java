package dev.lookalike.cli.evaluate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How well vectors find images of the query's class, measured by exact comparison of each query
 * with the whole gallery.
 *
 * <ul>
 *   <li>Ranking: by cosine, largest first; ties by content, an order independent of class and
 *       model. Images with the query's own content are left out.
 *   <li>R@k: share of queries with an image of their class among the first k.
 *   <li>mAP: mean over queries of the average precision over the full ranking, which is the mean,
 *       over all images of the query's class, of the share of that class in the ranking down to
 *       that image.
 *   <li>Both leave out queries whose class has no image in their ranking.
 *   <li>Thresholds: over all pairs of a query and an image of its ranking, including those queries.
 *       If the queries are the gallery, each pair counts twice.
 * </ul>
 *
 * Immutable.
 */
final class RetrievalMetrics {

  /** Thresholds are multiples of 1/10,000. */
  private static final int STEPS = 10_000;

  private static final int CHUNK = 16;

  /** The ranks k of R@k. */
  static final List<Integer> RANKS = List.of(1, 5, 10);

  /**
   * A similarity above which a chosen share of the pairs has the same class.
   *
   * @param wanted requested precision
   * @param similarity smallest one, in steps of 0.0001, at which it is reached
   * @param precision share of pairs at least this similar that have the same class
   * @param recall share of all same-class pairs that are at least this similar
   * @param coverage share of queries that have an image at least this similar
   * @param pairs at least this similar
   */
  record Threshold(
      double wanted,
      double similarity,
      double precision,
      double recall,
      double coverage,
      long pairs) {}

  private final int queries;
  private final Counts counts;

  private RetrievalMetrics(int queries, Counts counts) {
    this.queries = queries;
    this.counts = counts;
  }

  /** Sums over some queries. */
  private static final class Counts {
    private int counterparts;
    private final int[] found = new int[RANKS.size()];
    private double averagePrecisions;
    // By similarity, [-1, 1] in steps.
    private final long[] pairs = new long[2 * STEPS + 1];
    private final long[] samePairs = new long[2 * STEPS + 1];
    private final long[] nearest = new long[2 * STEPS + 1];

    void add(Counts other) {
      counterparts += other.counterparts;
      averagePrecisions += other.averagePrecisions;
      Arrays.setAll(found, i -> found[i] + other.found[i]);
      Arrays.setAll(pairs, i -> pairs[i] + other.pairs[i]);
      Arrays.setAll(samePairs, i -> samePairs[i] + other.samePairs[i]);
      Arrays.setAll(nearest, i -> nearest[i] + other.nearest[i]);
    }
  }

  /**
   * Compares all queries with all images, on all cores: the time is queries x gallery x dimension.
   *
   * @throws IllegalArgumentException if the vectors have different lengths
   */
  static RetrievalMetrics of(List<LabelledVector> queries, List<LabelledVector> gallery) {
    List<LabelledVector> ordered =
        gallery.stream().sorted(Comparator.comparing(LabelledVector::content)).toList();
    int chunks = (queries.size() + CHUNK - 1) / CHUNK;
    List<Counts> parts =
        IntStream.range(0, chunks)
            .parallel()
            .mapToObj(
                chunk ->
                    count(
                        queries.subList(
                            chunk * CHUNK, Math.min(queries.size(), (chunk + 1) * CHUNK)),
                        ordered))
            .toList();
    Counts all = new Counts();
    parts.forEach(all::add);
    return new RetrievalMetrics(queries.size(), all);
  }

  private static Counts count(List<LabelledVector> queries, List<LabelledVector> gallery) {
    Counts counts = new Counts();
    long[] ranking = new long[gallery.size()];
    for (LabelledVector query : queries) {
      int ranks = 0;
      for (int i = 0; i < gallery.size(); i++) {
        LabelledVector image = gallery.get(i);
        if (!image.content().equals(query.content())) {
          ranking[ranks++] = key(cosine(query.vector(), image.vector()), i);
        }
      }
      Arrays.sort(ranking, 0, ranks);
      take(counts, query.label(), gallery, ranking, ranks);
    }
    return counts;
  }

  private static void take(
      Counts counts, String label, List<LabelledVector> gallery, long[] ranking, int ranks) {
    int same = 0;
    double precisions = 0;
    int firstSame = 0;
    for (int rank = 1; rank <= ranks; rank++) {
      long key = ranking[rank - 1];
      int step = step(similarity(key));
      counts.pairs[step]++;
      if (rank == 1) {
        counts.nearest[step]++;
      }
      if (gallery.get((int) key).label().equals(label)) {
        counts.samePairs[step]++;
        same++;
        precisions += (double) same / rank;
        firstSame = firstSame == 0 ? rank : firstSame;
      }
    }
    if (same == 0) {
      return;
    }
    counts.counterparts++;
    counts.averagePrecisions += precisions / same;
    for (int i = 0; i < RANKS.size(); i++) {
      counts.found[i] += firstSame <= RANKS.get(i) ? 1 : 0;
    }
  }

  /** Sorts by descending similarity, then by ascending index. */
  private static long key(float similarity, int index) {
    int bits = Float.floatToIntBits(similarity + 0f); // -0 becomes 0.
    int rising = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    return (long) ~rising << 32 | index;
  }

  private static float similarity(long key) {
    int rising = ~(int) (key >> 32);
    return Float.intBitsToFloat(rising ^ ((rising >> 31) & Integer.MAX_VALUE));
  }

  private static int step(float similarity) {
    return (int) Math.floor((similarity + 1.0) * STEPS);
  }

  /** Four independent sums, which a processor adds in parallel; the result is within [-1, 1]. */
  private static float cosine(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException(
          "vectors of different lengths: " + a.length + " and " + b.length);
    }
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    int i = 0;
    for (; i + 3 < a.length; i += 4) {
      s0 += a[i] * b[i];
      s1 += a[i + 1] * b[i + 1];
      s2 += a[i + 2] * b[i + 2];
      s3 += a[i + 3] * b[i + 3];
    }
    for (; i < a.length; i++) {
      s0 += a[i] * b[i];
    }
    return Math.clamp(s0 + s1 + (s2 + s3), -1f, 1f);
  }

  /** Number of all queries, including those without a counterpart. */
  int queries() {
    return queries;
  }

  /** Queries whose class has no image in their ranking: in neither R@k nor mAP. */
  int withoutCounterpart() {
    return queries - counts.counterparts;
  }

  /**
   * R@k, 0 to 1; NaN if no query has a counterpart.
   *
   * @param k one of {@link #RANKS}
   */
  double recallAt(int k) {
    int i = RANKS.indexOf(k);
    if (i < 0) {
      throw new IllegalArgumentException("k must be one of " + RANKS + ": " + k);
    }
    return (double) counts.found[i] / counts.counterparts;
  }

  /** mAP, 0 to 1; NaN if no query has a counterpart. */
  double meanAveragePrecision() {
    return counts.averagePrecisions / counts.counterparts;
  }

  /** All pairs of a query and an image of its ranking. */
  long pairs() {
    return Arrays.stream(counts.pairs).sum();
  }

  /** Pairs with the same class. */
  long samePairs() {
    return Arrays.stream(counts.samePairs).sum();
  }

  /**
   * The smallest similarity at which pairs at least as similar reach the precision; the smallest
   * keeps the most pairs. Empty if there is none.
   *
   * @param precision above 0, at most 1
   */
  Optional<Threshold> threshold(double precision) {
    Optional<Threshold> lowest = Optional.empty();
    long allSame = samePairs();
    long pairs = 0;
    long same = 0;
    long covered = 0;
    for (int step = 2 * STEPS; step >= 0; step--) {
      pairs += counts.pairs[step];
      same += counts.samePairs[step];
      covered += counts.nearest[step];
      if (counts.pairs[step] > 0 && (double) same / pairs >= precision) {
        lowest =
            Optional.of(
                new Threshold(
                    precision,
                    (double) (step - STEPS) / STEPS,
                    (double) same / pairs,
                    (double) same / allSame,
                    (double) covered / queries,
                    pairs));
      }
    }
    return lowest;
  }
}
