package dev.lookalike.imaging;

/**
 * Bounds of a canonical image. Images are shrunk into them, never enlarged.
 *
 * @param shortSide the short side has at most this many pixels, 1..65500
 * @param longSide the long side has at most this many pixels, 1..65500
 * @param jpegQuality quality of the first attempt, 1..100; lower ones follow until {@code maxBytes}
 *     is met
 * @param maxBytes largest encoded size, in bytes
 */
public record Bounds(int shortSide, int longSide, int jpegQuality, int maxBytes) {
  /** 512 by 4096 pixels, quality 90, 1 MiB. */
  public static final Bounds DEFAULT = new Bounds(512, 4096, 90, 1 << 20);

  /** The largest side that a JPEG file can have in practice (libjpeg's limit). */
  public static final int MOST_PIXELS_OF_A_SIDE = 65_500;

  public Bounds {
    if (shortSide < 1
        || longSide < shortSide
        || longSide > MOST_PIXELS_OF_A_SIDE
        || jpegQuality < 1
        || jpegQuality > 100
        || maxBytes < 1) {
      throw new IllegalArgumentException(
          "bounds out of range: %d x %d pixels, quality %d, %d bytes"
              .formatted(shortSide, longSide, jpegQuality, maxBytes));
    }
  }

  /**
   * Size of an image of {@code width x height} pixels within these bounds. The short side is exact
   * and the long one rounded down, as Hugging Face's {@code get_resize_output_image_size} does, so
   * that a later resize to a divisor of the short side (512 to 256) lands on the same number of
   * pixels as it would have from the original.
   */
  Size fit(int width, int height) {
    int small = Math.min(width, height);
    int large = Math.max(width, height);
    long fittedSmall = small;
    long fittedLarge = large;
    if (fittedSmall > shortSide) {
      fittedLarge = fittedLarge * shortSide / small;
      fittedSmall = shortSide;
    }
    if (fittedLarge > longSide) {
      fittedSmall = Math.max(1, Math.round((double) small * longSide / large));
      fittedLarge = longSide;
    }
    return width <= height
        ? new Size((int) fittedSmall, (int) fittedLarge)
        : new Size((int) fittedLarge, (int) fittedSmall);
  }
}
