package dev.lookalike.imaging;

/** Resampling filters, by Pillow's names. */
public enum Resampling {
  NEAREST(0, 0),
  BOX(4, 0.5),
  BILINEAR(2, 1),
  HAMMING(5, 1),
  BICUBIC(3, 2),
  LANCZOS(1, 3);

  private final int code;
  private final double support;

  Resampling(int code, double support) {
    this.code = code;
    this.support = support;
  }

  /** Pillow's number, which {@code preprocessor_config.json} has in {@code resample}. */
  public int code() {
    return code;
  }

  /**
   * The filter of a Pillow number.
   *
   * @throws IllegalArgumentException where there is none
   */
  public static Resampling ofCode(int code) {
    for (Resampling resampling : values()) {
      if (resampling.code == code) {
        return resampling;
      }
    }
    throw new IllegalArgumentException("no resampling filter has the code " + code);
  }

  /** Radius of the filter in output pixels. */
  double support() {
    return support;
  }

  /** Weight at a distance, as {@code Resample.c} of Pillow computes it. */
  double weight(double x) {
    return switch (this) {
      case NEAREST -> throw new IllegalStateException("nearest has no weights");
      case BOX -> x > -0.5 && x <= 0.5 ? 1 : 0;
      case BILINEAR -> Math.abs(x) < 1 ? 1 - Math.abs(x) : 0;
      case HAMMING -> hamming(Math.abs(x));
      case BICUBIC -> bicubic(Math.abs(x));
      case LANCZOS -> x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
    };
  }

  private static double hamming(double x) {
    if (x == 0) {
      return 1;
    }
    if (x >= 1) {
      return 0;
    }
    double angle = x * Math.PI;
    // In C 0.54f and 0.46f are floats.
    return Math.sin(angle) / angle * (0.54f + 0.46f * Math.cos(angle));
  }

  private static double bicubic(double x) {
    double a = -0.5;
    if (x < 1) {
      return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    if (x < 2) {
      return (((x - 5) * x + 8) * x - 4) * a;
    }
    return 0;
  }

  private static double sinc(double x) {
    if (x == 0) {
      return 1;
    }
    double angle = x * Math.PI;
    return Math.sin(angle) / angle;
  }
}
