package dev.lookalike.imaging;

import java.util.Optional;

/** Header of a GIF file. */
final class GifHeader {
  private GifHeader() {}

  static ImageHeader parse(Bytes file) {
    return ImageHeader.of(
        ImageFormat.GIF, file.u16(6, true), file.u16(8, true), 1, false, Optional.empty());
  }
}
