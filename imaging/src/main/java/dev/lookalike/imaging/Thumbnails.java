package dev.lookalike.imaging;

import dev.lookalike.imaging.opencv.OpenCv;

/** Small copies of canonical images, for people to look at. */
public final class Thumbnails {
  private static final int QUALITY = 80;

  private Thumbnails() {}

  /**
   * A JPEG whose long side has at most {@code longSide} pixels; never enlarged.
   *
   * @param canonicalJpeg a canonical image
   * @param longSide in pixels, at least 1
   * @throws IllegalArgumentException if the bytes are no canonical image
   */
  public static byte[] jpeg(byte[] canonicalJpeg, int longSide) {
    return switch (CanonicalDecoder.decode(canonicalJpeg)) {
      case DecodeResult.Decoded(RgbImage image) -> shrunk(image, longSide);
      case DecodeResult.Refused refused ->
          throw new IllegalArgumentException(
              "no canonical image: " + refused.reason() + ", " + refused.detail());
    };
  }

  private static byte[] shrunk(RgbImage image, int longSide) {
    int large = Math.max(image.width(), image.height());
    double scale = Math.min(1, (double) longSide / large);
    int width = (int) Math.max(1, Math.round(image.width() * scale));
    int height = (int) Math.max(1, Math.round(image.height() * scale));
    RgbImage small = Resampler.resize(image, width, height, Resampling.BICUBIC);
    return OpenCv.encodeJpeg(small.rgb(), width, height, QUALITY);
  }
}
