package dev.lookalike.cli.teach;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * Held-out predictions for all images, in stratified folds, with the regularisation that gave the
 * lowest cross-entropy.
 *
 * @param l2 the chosen regularisation
 * @param judged one for each image
 */
record CrossValidation(double l2, List<Judged> judged) {
  /** From strong (few images) to weak (many images). */
  static final List<Double> L2 = List.of(1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5);

  private static final long SEED = 20260101;

  /** The predictions for the images of one fold. */
  private record Fold(List<Judged> judged, double crossEntropy) {}

  /** Called for each regularisation that was tried. */
  interface Progress {
    void tried(double l2, double accuracy);
  }

  /**
   * @param folds 2 or more, at most as many as the smallest class has images
   * @param references largest number of references of the gate
   */
  static CrossValidation of(LabelledVectors images, int folds, int references, Progress progress) {
    int[] foldOf = folds(images, folds);
    double[] similarities = similarities(images, foldOf, folds, references);
    double least = Double.POSITIVE_INFINITY;
    CrossValidation best = new CrossValidation(L2.getFirst(), List.of());
    for (double l2 : L2) {
      List<CompletableFuture<Fold>> running =
          IntStream.range(0, folds)
              .mapToObj(
                  fold ->
                      CompletableFuture.supplyAsync(
                          () -> judge(images, foldOf, fold, l2, similarities)))
              .toList();
      List<Judged> judged = new ArrayList<>();
      double crossEntropy = 0;
      for (CompletableFuture<Fold> each : running) {
        judged.addAll(each.join().judged());
        crossEntropy += each.join().crossEntropy();
      }
      progress.tried(l2, accuracy(judged).value());
      if (crossEntropy >= least) {
        break; // Cross-entropy falls to its minimum and rises again.
      }
      least = crossEntropy;
      best = new CrossValidation(l2, List.copyOf(judged));
    }
    return best;
  }

  static Proportion accuracy(List<Judged> judged) {
    return new Proportion((int) judged.stream().filter(Judged::isRight).count(), judged.size());
  }

  /** {@code [truth][said]}. */
  static int[][] confusion(List<Judged> judged, int classes) {
    int[][] counts = new int[classes][classes];
    judged.forEach(each -> counts[each.truth()][each.said()]++);
    return counts;
  }

  private static int[] folds(LabelledVectors images, int folds) {
    int[] foldOf = new int[images.size()];
    int next = 0;
    for (List<Integer> rows : images.shuffledByClass(SEED)) {
      for (int row : rows) {
        foldOf[row] = next++ % folds;
      }
    }
    return foldOf;
  }

  private static List<Integer> others(int[] foldOf, int fold) {
    return IntStream.range(0, foldOf.length).filter(i -> foldOf[i] != fold).boxed().toList();
  }

  private static double[] similarities(
      LabelledVectors images, int[] foldOf, int folds, int references) {
    double[] similarities = new double[images.size()];
    for (int fold = 0; fold < folds; fold++) {
      LabelledVectors taught = images.rows(others(foldOf, fold));
      References known = References.of(taught, taught.balanced(references, SEED));
      int held = fold;
      IntStream.range(0, foldOf.length)
          .filter(row -> foldOf[row] == held)
          .parallel()
          .forEach(row -> similarities[row] = known.nearest(images.vectors()[row]));
    }
    return similarities;
  }

  private static Fold judge(
      LabelledVectors images, int[] foldOf, int fold, double l2, double[] similarities) {
    LinearClassifier classifier = LogisticRegression.train(images.rows(others(foldOf, fold)), l2);
    List<Judged> judged = new ArrayList<>();
    double crossEntropy = 0;
    for (int row = 0; row < foldOf.length; row++) {
      if (foldOf[row] == fold) {
        double[] probabilities = classifier.probabilities(images.vectors()[row]);
        LinearClassifier.Prediction said = classifier.predict(images.vectors()[row]);
        int truth = images.labels()[row];
        judged.add(new Judged(fold, truth, said.label(), said.probability(), similarities[row]));
        crossEntropy -= Math.log(Math.max(1e-12, probabilities[truth]));
      }
    }
    return new Fold(judged, crossEntropy);
  }

  /** The gate's references for a classifier of all images, chosen as for the folds. */
  static References references(LabelledVectors images, int most) {
    return References.of(images, images.balanced(most, SEED));
  }
}
