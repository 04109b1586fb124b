package dev.lookalike.training;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Accuracy of a network on labelled images.
 *
 * @param classes names, by index
 * @param confusion number of images of class {@code row} predicted as class {@code column}; not
 *     copied
 */
record Evaluation(List<String> classes, int[][] confusion) {

  /**
   * @param logits {@code [n, classes]}, of the same images
   */
  static Evaluation of(LabelledImages images, float[] logits) {
    int classes = images.classes().size();
    if (logits.length != images.count() * classes) {
      throw new IllegalArgumentException(logits.length + " logits for " + images.count());
    }
    int[][] confusion = new int[classes][classes];
    for (int i = 0; i < images.count(); i++) {
      confusion[images.labels()[i]][best(logits, i, classes)]++;
    }
    return new Evaluation(images.classes(), confusion);
  }

  /** Index of the largest logit of one image; the first of equal ones. */
  static int best(float[] logits, int image, int classes) {
    int best = 0;
    for (int i = 1; i < classes; i++) {
      if (logits[image * classes + i] > logits[image * classes + best]) {
        best = i;
      }
    }
    return best;
  }

  int images() {
    return IntStream.range(0, confusion.length).map(this::images).sum();
  }

  private int images(int label) {
    return IntStream.of(confusion[label]).sum();
  }

  private int taken(int label) {
    return IntStream.range(0, confusion.length).map(row -> confusion[row][label]).sum();
  }

  /** Share of correctly predicted images, 0..1; NaN without images. */
  double accuracy() {
    int right = IntStream.range(0, confusion.length).map(i -> confusion[i][i]).sum();
    return (double) right / images();
  }

  /** Share of images predicted as this class that belong to it; NaN if there are none. */
  double precision(int label) {
    return (double) confusion[label][label] / taken(label);
  }

  /** Share of this class's images predicted as it; NaN if there are none. */
  double recall(int label) {
    return (double) confusion[label][label] / images(label);
  }

  /** Accuracy, and a line for each class. */
  String table() {
    int width = Math.max(5, classes.stream().mapToInt(String::length).max().orElse(0));
    StringBuilder table = new StringBuilder();
    table.append("accuracy %.4f on %d images%n".formatted(accuracy(), images()));
    table.append(("%-" + width + "s  precision  recall  images%n").formatted("class"));
    for (int i = 0; i < classes.size(); i++) {
      table.append(
          String.format(
              Locale.ROOT,
              "%-" + width + "s  %9.4f  %6.4f  %6d%n",
              classes.get(i),
              precision(i),
              recall(i),
              images(i)));
    }
    return table.toString();
  }
}
