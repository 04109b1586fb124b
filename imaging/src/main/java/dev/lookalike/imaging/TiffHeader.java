package dev.lookalike.imaging;

import java.util.Optional;

/** First directory of a TIFF file (TIFF 6.0). */
final class TiffHeader {
  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int PHOTOMETRIC = 262;
  private static final int ICC_PROFILE = 34675;
  private static final int SHORT = 3;

  private TiffHeader() {}

  static ImageHeader parse(Bytes file) {
    boolean littleEndian = file.has(0, "II");
    long directory = file.u32(4, littleEndian);
    int entries = file.u16(directory, littleEndian);
    long width = 0;
    long height = 0;
    boolean grey = false;
    Optional<byte[]> profile = Optional.empty();
    for (int i = 0; i < entries; i++) {
      long entry = directory + 2 + 12L * i;
      int tag = file.u16(entry, littleEndian);
      int type = file.u16(entry + 2, littleEndian);
      long count = file.u32(entry + 4, littleEndian);
      long value =
          type == SHORT ? file.u16(entry + 8, littleEndian) : file.u32(entry + 8, littleEndian);
      switch (tag) {
        case WIDTH -> width = value;
        case HEIGHT -> height = value;
        case PHOTOMETRIC -> grey = value <= 1;
        case ICC_PROFILE -> {
          if (value + count <= file.length()) {
            profile = Optional.of(file.part(value, count).copy());
          }
        }
        default -> {}
      }
    }
    // OpenCV turns a TIFF upright itself, whatever it is asked for.
    boolean transposed = Exif.orientation(file) >= 5;
    return ImageHeader.of(
        ImageFormat.TIFF,
        transposed ? height : width,
        transposed ? width : height,
        1,
        grey,
        profile);
  }
}
