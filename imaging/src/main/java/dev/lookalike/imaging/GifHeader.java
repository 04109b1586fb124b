package dev.lookalike.imaging;

import java.util.Optional;

/** Header of a GIF file. */
final class GifHeader {
  private GifHeader() {}

  /** The screen, or what it must be to hold the first frame, as browsers and Pillow have it. */
  static ImageHeader parse(Bytes file) {
    GifImage.Frame frame = GifImage.Frame.find(file);
    return ImageHeader.of(
        ImageFormat.GIF,
        Math.max(file.u16(6, true), frame.left() + frame.width()),
        Math.max(file.u16(8, true), frame.top() + frame.height()),
        1,
        false,
        Optional.empty());
  }
}
