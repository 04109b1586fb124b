package dev.lookalike.imaging;

import java.util.Optional;

/** Header of a WebP file (RFC 9649). */
final class WebpHeader {
  /** A RIFF header, a chunk header and the shortest image; libwebp looks at as many bytes. */
  private static final int SMALLEST = 32;

  private WebpHeader() {}

  static ImageHeader parse(Bytes file) {
    if (file.length() < SMALLEST) {
      throw new RefusedException(RefusalReason.TRUNCATED, "the WebP ends within its header");
    }
    long width = 0;
    long height = 0;
    int orientation = 1;
    Optional<byte[]> profile = Optional.empty();
    for (long at = 12; at + 8 <= file.length(); ) {
      long length = file.u32(at + 4, true);
      long data = at + 8;
      boolean whole = data + length <= file.length();
      if (file.has(at, "VP8X")) {
        width = 1 + (file.u32(data + 4, true) & 0xffffff);
        height = 1 + (file.u32(data + 6, true) >> 8);
      } else if (file.has(at, "VP8 ") && width == 0) {
        width = file.u16(data + 6, true) & 0x3fff;
        height = file.u16(data + 8, true) & 0x3fff;
      } else if (file.has(at, "VP8L") && width == 0) {
        long bits = file.u32(data + 1, true);
        width = 1 + (bits & 0x3fff);
        height = 1 + (bits >> 14 & 0x3fff);
      } else if (file.has(at, "EXIF") && whole) {
        // Some writers keep the prefix that the data has in a JPEG.
        int skip = file.has(data, "Exif\0\0") ? 6 : 0;
        orientation = Exif.orientation(file.part(data + skip, Math.max(0, length - skip)));
      } else if (file.has(at, "ICCP") && whole) {
        profile = Optional.of(file.part(data, length).copy());
      }
      at = data + length + (length & 1);
    }
    if (width == 0) {
      throw new RefusedException(RefusalReason.TRUNCATED, "the WebP ends before its image");
    }
    return ImageHeader.of(ImageFormat.WEBP, width, height, orientation, false, profile);
  }
}
