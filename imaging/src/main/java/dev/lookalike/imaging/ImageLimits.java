package dev.lookalike.imaging;

/**
 * What is refused before anything is decoded.
 *
 * @param maxBytes largest file, in bytes
 * @param maxPixels largest width times height, in pixels, as the file's header states it
 */
public record ImageLimits(long maxBytes, long maxPixels) {
  /** 32 MiB and 50 megapixels. */
  public static final ImageLimits DEFAULT = new ImageLimits(32L << 20, 50_000_000L);

  /** Largest {@code maxPixels}: OpenCV itself refuses more than 2^30. */
  public static final long MOST_PIXELS = 1L << 30;

  public ImageLimits {
    if (maxBytes < 1 || maxPixels < 1 || maxPixels > MOST_PIXELS) {
      throw new IllegalArgumentException(
          "limits out of range: " + maxBytes + " bytes, " + maxPixels + " pixels");
    }
  }
}
