package dev.lookalike.embed.model.graph;

import dev.lookalike.embed.model.ModelRefusedException;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Locale;

/** From the numbers of one image to a vector. */
public enum Pooling {
  /** All numbers, in their order. */
  FLATTEN,
  /** The first of the tokens. */
  CLS,
  /** The mean over the tokens, or over the places of a map. */
  MEAN;

  public static Pooling of(String word) {
    for (Pooling each : values()) {
      if (each.word().equals(word)) {
        return each;
      }
    }
    throw new ModelRefusedException("pooling", "flatten, cls or mean", word);
  }

  /** Of a tensor of so many dimensions, where none is stated. */
  public static Pooling ofRank(int rank) {
    return switch (rank) {
      case 3 -> CLS;
      case 4 -> MEAN;
      default -> FLATTEN;
    };
  }

  /**
   * One vector for each image.
   *
   * @param values of all images, row by row
   * @param shape {@code [images, numbers]}, {@code [images, tokens, numbers]} or {@code [images,
   *     channels, height, width]}
   * @throws IllegalArgumentException where the shape is none of this pooling
   */
  public float[][] rows(FloatBuffer values, long[] shape) {
    int images = (int) shape[0];
    int each = values.capacity() / images;
    int last = (int) shape[shape.length - 1];
    boolean tokens = shape.length == 3;
    if (this != FLATTEN && !tokens && !(this == MEAN && shape.length == 4)) {
      throw new IllegalArgumentException("not of " + Arrays.toString(shape));
    }
    int length =
        switch (this) {
          case FLATTEN -> each;
          case CLS -> last;
          case MEAN -> tokens ? last : (int) shape[1];
        };
    float[][] rows = new float[images][length];
    for (int image = 0; image < images; image++) {
      switch (this) {
        case FLATTEN, CLS -> values.get(image * each, rows[image]);
        case MEAN -> mean(values, image * each, each / length, tokens, rows[image]);
      }
    }
    return rows;
  }

  private static void mean(
      FloatBuffer values, int from, int count, boolean tokens, float[] target) {
    for (int i = 0; i < target.length; i++) {
      double sum = 0;
      for (int place = 0; place < count; place++) {
        sum += values.get(from + (tokens ? place * target.length + i : i * count + place));
      }
      target[i] = (float) (sum / count);
    }
  }

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
