package dev.lookalike.cli.teach;

import java.util.Arrays;
import java.util.List;

/**
 * Taught embeddings with which the gate compares, quantised to bytes as in the service.
 *
 * @param values one row for each reference; not copied
 * @param norms of each row
 */
record References(byte[][] values, double[] norms) {

  /** The references from some rows. */
  static References of(LabelledVectors images, List<Integer> rows) {
    byte[][] values = new byte[rows.size()][];
    for (int i = 0; i < values.length; i++) {
      values[i] = quantised(images.vectors()[rows.get(i)]);
    }
    return new References(
        values, Arrays.stream(values).mapToDouble(row -> Math.sqrt(dot(row, row))).toArray());
  }

  /** {@code round(127 e / max |e|)}. */
  static byte[] quantised(float[] embedding) {
    float largest = 1e-12f;
    for (float value : embedding) {
      largest = Math.max(largest, Math.abs(value));
    }
    byte[] values = new byte[embedding.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) Math.round(Byte.MAX_VALUE * embedding[i] / largest);
    }
    return values;
  }

  /** Cosine to the nearest reference. */
  double nearest(float[] embedding) {
    byte[] asked = quantised(embedding);
    double norm = Math.sqrt(dot(asked, asked));
    double most = -1;
    for (int i = 0; i < values.length; i++) {
      most = Math.max(most, dot(values[i], asked) / (norm * norms[i]));
    }
    return most;
  }

  private static int dot(byte[] one, byte[] other) {
    int sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return sum;
  }
}
