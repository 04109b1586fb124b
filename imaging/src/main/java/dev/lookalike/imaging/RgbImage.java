package dev.lookalike.imaging;

/**
 * Pixels: sRGB, 8 bits.
 *
 * @param width in pixels
 * @param height in pixels
 * @param rgb {@code width * height * 3} bytes, rows from the top, red green blue; not copied:
 *     whoever holds it must not change it
 */
public record RgbImage(int width, int height, byte[] rgb) {
  public RgbImage {
    if (width < 1 || height < 1 || (long) width * height * 3 != rgb.length) {
      throw new IllegalArgumentException(
          "%d bytes for %d x %d pixels".formatted(rgb.length, width, height));
    }
  }
}
