package dev.lookalike.imaging;

import dev.lookalike.imaging.opencv.CodecException;
import dev.lookalike.imaging.opencv.OpenCv;

/** Reads canonical images: JPEG that {@link Canonicalizer} wrote. Thread-safe. */
public final class CanonicalDecoder {
  private CanonicalDecoder() {}

  /**
   * Decodes a canonical image. What is no JPEG, or is larger than the default limits, or is
   * damaged, is refused; it never throws.
   */
  public static DecodeResult decode(byte[] jpeg) {
    try {
      ImageHeader header = ImageChecks.header(jpeg, ImageLimits.DEFAULT);
      if (header.format() != ImageFormat.JPEG) {
        return new DecodeResult.Refused(
            RefusalReason.UNSUPPORTED_FORMAT, "a canonical image is a JPEG");
      }
      try (OpenCv.Pixels pixels = OpenCv.decode(jpeg, OpenCv.Channels.RGB, 1)) {
        if (pixels.width() != header.width() || pixels.height() != header.height()) {
          return new DecodeResult.Refused(
              RefusalReason.CORRUPT, "the size is not the one of the header");
        }
        byte[] rgb = new byte[pixels.rowBytes() * pixels.height()];
        pixels.read(rgb);
        return new DecodeResult.Decoded(new RgbImage(pixels.width(), pixels.height(), rgb));
      }
    } catch (RefusedException e) {
      return new DecodeResult.Refused(e.reason(), e.detail());
    } catch (CodecException e) {
      return new DecodeResult.Refused(RefusalReason.CORRUPT, "the decoder refused the file");
    }
  }
}
