package dev.lookalike.cli.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lookalike.cli.evaluate.RetrievalMetrics.Threshold;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RetrievalMetricsTest {

  private static LabelledVector image(String content, String label, float... vector) {
    return new LabelledVector(content, label, vector);
  }

  /** A vector with this cosine to (1, 0). */
  private static LabelledVector at(double cosine, String content, String label) {
    return image(content, label, (float) cosine, (float) Math.sqrt(1 - cosine * cosine));
  }

  private static final List<LabelledVector> GALLERY =
      List.of(
          at(0.5, "c", "shoe"),
          at(0.75, "b", "hat"),
          at(-0.5, "d", "hat"),
          at(0.875, "a", "shoe"),
          at(0, "e", "coat"));

  @Test
  void figuresOfARankingByHand() {
    // Ranking: shoe .875, hat .75, shoe .5, coat 0, hat -.5.
    RetrievalMetrics shoe = RetrievalMetrics.of(List.of(image("q", "shoe", 1, 0)), GALLERY);
    assertThat(shoe.recallAt(1)).isEqualTo(1);
    assertThat(shoe.meanAveragePrecision()).isEqualTo((1.0 / 1 + 2.0 / 3) / 2);

    RetrievalMetrics hat = RetrievalMetrics.of(List.of(image("q", "hat", 1, 0)), GALLERY);
    assertThat(hat.recallAt(1)).isEqualTo(0);
    assertThat(hat.recallAt(5)).isEqualTo(1);
    assertThat(hat.meanAveragePrecision()).isEqualTo((1.0 / 2 + 2.0 / 5) / 2);

    RetrievalMetrics both =
        RetrievalMetrics.of(
            List.of(image("q", "shoe", 1, 0), image("r", "hat", 1, 0), image("s", "hat", 1, 0)),
            GALLERY);
    assertThat(both.recallAt(1)).isEqualTo(1.0 / 3);
    assertThat(both.meanAveragePrecision()).isCloseTo((5.0 / 6 + 0.45 + 0.45) / 3, within(1e-12));
    assertThat(both.pairs()).isEqualTo(15);
    assertThat(both.samePairs()).isEqualTo(6);
  }

  @Test
  void recallLooksAtItsRanksOnly() {
    List<LabelledVector> gallery = new ArrayList<>();
    for (int rank = 1; rank <= 12; rank++) {
      gallery.add(at(1 - rank / 16.0, "g" + rank, rank == 6 || rank == 11 ? "hat" : "shoe"));
    }
    RetrievalMetrics sixth = RetrievalMetrics.of(List.of(image("q", "hat", 1, 0)), gallery);
    assertThat(sixth.recallAt(5)).isEqualTo(0);
    assertThat(sixth.recallAt(10)).isEqualTo(1);
    gallery.removeIf(image -> image.content().equals("g6"));
    RetrievalMetrics tenth = RetrievalMetrics.of(List.of(image("q", "hat", 1, 0)), gallery);
    assertThat(tenth.recallAt(10)).isEqualTo(1);
    gallery.add(at(-0.5, "above", "shoe"));
    gallery.addFirst(at(1, "nearest", "shoe"));
    RetrievalMetrics eleventh = RetrievalMetrics.of(List.of(image("q", "hat", 1, 0)), gallery);
    assertThat(eleventh.recallAt(10)).isEqualTo(0);
    assertThat(eleventh.meanAveragePrecision()).isEqualTo(1.0 / 11);
    assertThatThrownBy(() -> eleventh.recallAt(3)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void thresholdsByHand() {
    // Precision down the ranking: 1, 1/2, 2/3, 2/4, 2/5.
    RetrievalMetrics metrics = RetrievalMetrics.of(List.of(image("q", "shoe", 1, 0)), GALLERY);
    assertThat(metrics.threshold(0.95)).contains(new Threshold(0.95, 0.875, 1, 0.5, 1, 1));
    // The lowest similarity counts, although the precision was too low in between.
    assertThat(metrics.threshold(0.6)).contains(new Threshold(0.6, 0.5, 2.0 / 3, 1, 1, 3));
    assertThat(metrics.threshold(0.4)).contains(new Threshold(0.4, -0.5, 0.4, 1, 1, 5));

    RetrievalMetrics hat = RetrievalMetrics.of(List.of(image("q", "hat", 1, 0)), GALLERY);
    assertThat(hat.threshold(0.95)).isEmpty();
  }

  @Test
  void coverageCountsQueriesThatKeepAHit() {
    RetrievalMetrics metrics =
        RetrievalMetrics.of(
            List.of(
                image("near", "shoe", 1, 0),
                image("far", "shoe", 0, -1),
                image("foreign", "sock", -1, 0)),
            GALLERY);
    Threshold threshold = metrics.threshold(1).orElseThrow();
    assertThat(threshold.similarity()).isEqualTo(0.875);
    assertThat(threshold.coverage()).isEqualTo(1.0 / 3);
    assertThat(threshold.recall()).isEqualTo(1.0 / 4);
    assertThat(metrics.withoutCounterpart()).isEqualTo(1);
    assertThat(metrics.queries()).isEqualTo(3);
  }

  @Test
  void aQueryIsNotComparedWithItself() {
    List<LabelledVector> images =
        List.of(
            image("a", "shoe", 1, 0),
            image("b", "hat", 1, 0),
            image("c", "shoe", 0, 1),
            image("d", "alone", 0, -1));
    RetrievalMetrics metrics = RetrievalMetrics.of(images, images);
    assertThat(metrics.pairs()).isEqualTo(4 * 3);
    assertThat(metrics.samePairs()).isEqualTo(2);
    // b and d are the only images of their classes.
    assertThat(metrics.withoutCounterpart()).isEqualTo(2);
    // a: b 1, c 0, d 0: its class at rank 2. c: a 0, b 0, d -1: at rank 1.
    assertThat(metrics.recallAt(1)).isEqualTo(0.5);
    assertThat(metrics.meanAveragePrecision()).isEqualTo((0.5 + 1) / 2);
  }

  @Test
  void equalSimilaritiesAreOrderedByContent() {
    LabelledVector query = image("q", "shoe", 1, 0);
    LabelledVector shoeFirst = image("a", "shoe", 0.5f, 0.25f);
    LabelledVector hatLast = image("b", "hat", 0.5f, -0.25f);
    assertThat(RetrievalMetrics.of(List.of(query), List.of(hatLast, shoeFirst)).recallAt(1))
        .isEqualTo(1);
    LabelledVector hatFirst = image("0", "hat", 0.5f, -0.25f);
    assertThat(RetrievalMetrics.of(List.of(query), List.of(shoeFirst, hatFirst)).recallAt(1))
        .isEqualTo(0);
    // Zeros of both signs are equal.
    LabelledVector minusZero = image("a", "shoe", -0f, 1);
    LabelledVector zero = image("b", "hat", 0f, 1);
    assertThat(RetrievalMetrics.of(List.of(query), List.of(zero, minusZero)).recallAt(1))
        .isEqualTo(1);
  }

  @Test
  void nothingToFindIsNoNumber() {
    RetrievalMetrics metrics = RetrievalMetrics.of(List.of(image("q", "sock", 1, 0)), GALLERY);
    assertThat(metrics.recallAt(1)).isNaN();
    assertThat(metrics.meanAveragePrecision()).isNaN();
    assertThat(metrics.threshold(0.5)).isEmpty();
  }

  @Test
  void vectorsOfDifferentLengthsAreRefused() {
    assertThatThrownBy(() -> RetrievalMetrics.of(List.of(image("q", "shoe", 1, 0, 0)), GALLERY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 and 2");
  }

  /** Vectors of norm 1 whose cosines are multiples of a quarter: exact, with many ties. */
  private static List<LabelledVector> random(Random random, String prefix, int count) {
    List<LabelledVector> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] vector = new float[13];
      for (int set = 0; set < 4; ) {
        int at = random.nextInt(vector.length);
        if (vector[at] == 0) {
          vector[at] = random.nextInt(4) == 0 ? -0.5f : 0.5f;
          set++;
        }
      }
      images.add(
          new LabelledVector(prefix + random.nextInt(1_000_000), "c" + random.nextInt(6), vector));
    }
    return images;
  }

  private static double dot(LabelledVector a, LabelledVector b) {
    double sum = 0;
    for (int i = 0; i < a.vector().length; i++) {
      sum += a.vector()[i] * b.vector()[i];
    }
    return sum;
  }

  @Test
  void theSameAsByBruteForce() {
    Random random = new Random(7);
    List<LabelledVector> gallery = random(random, "g", 230);
    List<LabelledVector> queries = random(random, "q", 70);
    for (int i = 0; i < 9; i++) {
      queries.add(gallery.get(i * 20)); // Copies.
    }
    RetrievalMetrics metrics = RetrievalMetrics.of(queries, gallery);

    double averagePrecisions = 0;
    int[] found = new int[11];
    double[] levels = {-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1};
    int[] pairs = new int[levels.length];
    int[] same = new int[levels.length];
    int[] covered = new int[levels.length];
    for (LabelledVector query : queries) {
      List<Integer> ranks = new ArrayList<>();
      boolean[] hit = new boolean[levels.length];
      for (LabelledVector image : gallery) {
        if (image.content().equals(query.content())) {
          continue;
        }
        double similarity = dot(query, image);
        boolean ofClass = image.label().equals(query.label());
        for (int l = 0; l < levels.length; l++) {
          if (similarity >= levels[l]) {
            pairs[l]++;
            same[l] += ofClass ? 1 : 0;
            hit[l] = true;
          }
        }
        if (ofClass) {
          int better = 0;
          for (LabelledVector other : gallery) {
            double s = dot(query, other);
            boolean before =
                s > similarity
                    || (s == similarity && other.content().compareTo(image.content()) < 0);
            better += before && !other.content().equals(query.content()) ? 1 : 0;
          }
          ranks.add(better + 1);
        }
      }
      ranks.sort(null);
      double precisions = 0;
      for (int i = 0; i < ranks.size(); i++) {
        precisions += (i + 1.0) / ranks.get(i);
      }
      averagePrecisions += precisions / ranks.size();
      for (int k : RetrievalMetrics.RANKS) {
        found[k] += ranks.getFirst() <= k ? 1 : 0;
      }
      for (int l = 0; l < levels.length; l++) {
        covered[l] += hit[l] ? 1 : 0;
      }
    }
    assertThat(metrics.meanAveragePrecision())
        .isCloseTo(averagePrecisions / queries.size(), within(1e-12));
    for (int k : RetrievalMetrics.RANKS) {
      assertThat(metrics.recallAt(k)).isEqualTo((double) found[k] / queries.size());
    }
    assertThat(metrics.pairs()).isEqualTo(pairs[0]);
    for (int l = 1; l < levels.length; l++) {
      double precision = (double) same[l] / pairs[l];
      boolean lowest = true;
      for (int below = 0; below < l; below++) {
        lowest &= (double) same[below] / pairs[below] < precision;
      }
      if (lowest) {
        assertThat(metrics.threshold(precision))
            .contains(
                new Threshold(
                    precision,
                    levels[l],
                    precision,
                    (double) same[l] / same[0],
                    (double) covered[l] / queries.size(),
                    pairs[l]));
      }
    }
  }
}
