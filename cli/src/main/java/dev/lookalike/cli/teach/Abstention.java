package dev.lookalike.cli.teach;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * When a classifier assigns no label.
 *
 * @param threshold smallest probability of a label
 * @param minSimilarity smallest similarity to a reference; -1: no gate
 */
record Abstention(double threshold, double minSimilarity) {

  /**
   * The quality and number of assigned labels.
   *
   * @param labelled images that got a label
   * @param right correct labels
   */
  record Outcome(int images, int labelled, int right) {
    double coverage() {
      return images == 0 ? 0 : (double) labelled / images;
    }

    Proportion precision() {
      return new Proportion(right, labelled);
    }
  }

  boolean admits(Judged image) {
    return image.probability() >= threshold && image.similarity() >= minSimilarity;
  }

  /**
   * Chooses the gate that turns away this share of images of taught classes, and with it the
   * smallest threshold at which at least this share of the labels is right.
   *
   * @param precision 0: no threshold
   * @param gateShare 0: no gate
   * @return empty if no threshold reaches the precision
   */
  static Optional<Abstention> choose(List<Judged> heldOut, double precision, double gateShare) {
    double gate = gate(heldOut, gateShare);
    if (precision <= 0) {
      return Optional.of(new Abstention(0, gate));
    }
    List<Judged> admitted =
        heldOut.stream()
            .filter(each -> each.similarity() >= gate)
            .sorted(Comparator.comparingDouble(Judged::probability).reversed())
            .toList();
    int right = 0;
    Optional<Abstention> best = Optional.empty();
    for (int i = 0; i < admitted.size(); i++) {
      right += admitted.get(i).isRight() ? 1 : 0;
      boolean isLastOfItsProbability =
          i + 1 == admitted.size()
              || admitted.get(i + 1).probability() < admitted.get(i).probability();
      if (isLastOfItsProbability && right >= precision * (i + 1)) {
        best = Optional.of(new Abstention(admitted.get(i).probability(), gate));
      }
    }
    return best;
  }

  private static double gate(List<Judged> heldOut, double share) {
    if (share <= 0) {
      return -1;
    }
    double[] similarities = heldOut.stream().mapToDouble(Judged::similarity).sorted().toArray();
    return similarities[(int) Math.min(similarities.length - 1, share * similarities.length)];
  }

  /**
   * The expected outcome of {@link #choose}: each fold is judged by a choice made on the others, so
   * that no image judges a threshold that it influenced.
   */
  static Outcome expected(List<Judged> heldOut, double precision, double gateShare) {
    int folds = heldOut.stream().mapToInt(Judged::fold).max().orElse(0) + 1;
    int labelled = 0;
    int right = 0;
    for (int fold = 0; fold < folds; fold++) {
      List<Judged> others = new ArrayList<>();
      List<Judged> judging = new ArrayList<>();
      for (Judged each : heldOut) {
        (each.fold() == fold ? judging : others).add(each);
      }
      Optional<Abstention> chosen = choose(others, precision, gateShare);
      for (Judged each : judging) {
        if (chosen.isPresent() && chosen.get().admits(each)) {
          labelled++;
          right += each.isRight() ? 1 : 0;
        }
      }
    }
    return new Outcome(heldOut.size(), labelled, right);
  }
}
