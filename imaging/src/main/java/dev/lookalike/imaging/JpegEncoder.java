package dev.lookalike.imaging;

import dev.lookalike.imaging.opencv.OpenCv;

/** Encodes canonical images: at the quality of the bounds, or a lower one that fits their bytes. */
final class JpegEncoder {
  /** Qualities that are tried after the first, until the image fits its bytes. */
  private static final int[] LADDER = {85, 80, 75, 70, 60, 50, 40, 30, 20, 10};

  private JpegEncoder() {}

  /**
   * @throws RefusedException NOT_ENCODABLE where no quality fits
   */
  static CanonicalImage encode(RgbImage image, Bounds bounds) {
    byte[] jpeg = jpeg(image, bounds.jpegQuality());
    for (int quality : LADDER) {
      if (jpeg.length <= bounds.maxBytes()) {
        break;
      }
      if (quality < bounds.jpegQuality()) {
        jpeg = jpeg(image, quality);
      }
    }
    if (jpeg.length > bounds.maxBytes()) {
      throw new RefusedException(
          RefusalReason.NOT_ENCODABLE,
          "%d x %d pixels do not fit %d bytes"
              .formatted(image.width(), image.height(), bounds.maxBytes()));
    }
    return new CanonicalImage(jpeg, image.width(), image.height());
  }

  private static byte[] jpeg(RgbImage image, int quality) {
    return OpenCv.encodeJpeg(image.rgb(), image.width(), image.height(), quality);
  }
}
