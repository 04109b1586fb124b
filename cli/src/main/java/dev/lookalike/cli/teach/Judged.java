package dev.lookalike.cli.teach;

/**
 * What a classifier that has not seen an image says of it.
 *
 * @param fold that the image was held out in
 * @param truth its class
 * @param said the most probable class
 * @param similarity to the nearest reference
 */
record Judged(int fold, int truth, int said, double probability, double similarity) {
  boolean isRight() {
    return truth == said;
  }
}
