package dev.lookalike.imaging;

import java.util.Optional;

/** Header of a Windows or OS/2 bitmap. */
final class BmpHeader {
  private BmpHeader() {}

  static ImageHeader parse(Bytes file) {
    long headerSize = file.u32(14, true);
    long width;
    long height;
    if (headerSize == 12) {
      width = file.u16(18, true);
      height = file.u16(20, true);
    } else if (headerSize >= 40 && headerSize <= 124) {
      width = (int) file.u32(18, true);
      // Negative: rows from the top.
      height = Math.abs((long) (int) file.u32(22, true));
    } else {
      throw new RefusedException(
          RefusalReason.UNSUPPORTED_FEATURE, "a BMP header of %d bytes".formatted(headerSize));
    }
    return ImageHeader.of(ImageFormat.BMP, width, height, 1, false, Optional.empty());
  }
}
