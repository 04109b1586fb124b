package dev.lookalike.cli.teach;

/**
 * The prediction for an image by a classifier that was not trained on it.
 *
 * @param fold in which the image was held out
 * @param truth the true class
 * @param said the most probable class
 * @param similarity to the nearest reference
 */
record Judged(int fold, int truth, int said, double probability, double similarity) {
  boolean isRight() {
    return truth == said;
  }
}
