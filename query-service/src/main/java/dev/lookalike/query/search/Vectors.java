package dev.lookalike.query.search;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.List;

/** Makes one query vector of the vectors of examples. */
final class Vectors {
  /** Smaller is what rounding leaves of unit vectors that cancel out: it has no direction. */
  private static final double LEAST_NORM = 1e-6;

  private Vectors() {}

  /**
   * The vector of an example.
   *
   * @param vector unit length; never written to
   * @param weight positive
   */
  record Weighted(float[] vector, double weight) {}

  /**
   * Values as a vector of unit length.
   *
   * @param otherwise code of the refusal for another dimension, zeros, or what is not a number
   */
  static float[] unit(List<Float> values, int dimension, ErrorCode otherwise) {
    if (values.size() != dimension) {
      throw new RefusedException(
          otherwise,
          "The vector has " + values.size() + " dimensions, the model " + dimension + ".");
    }
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    double norm = Math.sqrt(squares);
    if (!(norm > 0) || Double.isInfinite(norm)) {
      throw new RefusedException(
          otherwise, "The vector is zero or has values that are not numbers.");
    }
    float[] unit = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      unit[i] = (float) (values.get(i) / norm);
    }
    return unit;
  }

  /**
   * normalise(2 P - N): P and N are the normalised weighted means of positives and negatives.
   *
   * @param positives at least one
   * @throws RefusedException INVALID_VECTOR where they cancel each other out
   */
  static float[] combine(List<Weighted> positives, List<Weighted> negatives, int dimension) {
    double[] query = sum(positives, dimension);
    normalise(query, "The positive examples cancel each other out.");
    if (!negatives.isEmpty()) {
      double[] away = sum(negatives, dimension);
      normalise(away, "The negative examples cancel each other out.");
      for (int i = 0; i < dimension; i++) {
        query[i] = 2 * query[i] - away[i];
      }
      normalise(query, "The examples cancel each other out.");
    }
    float[] unit = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      unit[i] = (float) query[i];
    }
    return unit;
  }

  private static double[] sum(List<Weighted> examples, int dimension) {
    double[] sum = new double[dimension];
    for (Weighted example : examples) {
      for (int i = 0; i < dimension; i++) {
        sum[i] += example.weight() * example.vector()[i];
      }
    }
    return sum;
  }

  private static void normalise(double[] vector, String refusal) {
    double squares = 0;
    for (double value : vector) {
      squares += value * value;
    }
    double norm = Math.sqrt(squares);
    if (!(norm > LEAST_NORM)) {
      throw new RefusedException(ErrorCode.INVALID_VECTOR, refusal);
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= norm;
    }
  }
}
