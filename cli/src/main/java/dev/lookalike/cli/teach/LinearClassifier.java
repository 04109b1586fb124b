package dev.lookalike.cli.teach;

/**
 * Class probabilities of an embedding: softmax(weights e + biases).
 *
 * @param weights {@code [classes][dimension]}; not copied
 * @param biases one for each class; not copied
 */
record LinearClassifier(float[][] weights, float[] biases) {

  /** The most probable class. */
  record Prediction(int label, double probability) {}

  Prediction predict(float[] embedding) {
    double[] probabilities = probabilities(embedding);
    int best = 0;
    for (int c = 1; c < probabilities.length; c++) {
      best = probabilities[c] > probabilities[best] ? c : best;
    }
    return new Prediction(best, probabilities[best]);
  }

  double[] probabilities(float[] embedding) {
    double[] values = new double[biases.length];
    double largest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < values.length; c++) {
      double sum = biases[c];
      for (int i = 0; i < embedding.length; i++) {
        sum += weights[c][i] * embedding[i];
      }
      values[c] = sum;
      largest = Math.max(largest, sum);
    }
    double total = 0;
    for (int c = 0; c < values.length; c++) {
      values[c] = Math.exp(values[c] - largest);
      total += values[c];
    }
    for (int c = 0; c < values.length; c++) {
      values[c] /= total;
    }
    return values;
  }
}
