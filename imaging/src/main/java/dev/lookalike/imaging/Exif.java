package dev.lookalike.imaging;

/** Reads the orientation out of EXIF data, which is a TIFF file of its own. */
final class Exif {
  static final int ORIENTATION = 0x0112;

  private static final int SHORT = 3;
  private static final int LONG = 4;

  private Exif() {}

  /** Orientation 1..8; 1 where the data has none or is damaged. */
  static int orientation(Bytes tiff) {
    try {
      boolean littleEndian = tiff.has(0, "II");
      if (!littleEndian && !tiff.has(0, "MM")) {
        return 1;
      }
      long directory = tiff.u32(4, littleEndian);
      int entries = tiff.u16(directory, littleEndian);
      for (int i = 0; i < entries; i++) {
        long entry = directory + 2 + 12L * i;
        if (tiff.u16(entry, littleEndian) == ORIENTATION) {
          int type = tiff.u16(entry + 2, littleEndian);
          long value =
              type == SHORT
                  ? tiff.u16(entry + 8, littleEndian)
                  : type == LONG ? tiff.u32(entry + 8, littleEndian) : 1;
          return value >= 1 && value <= 8 ? (int) value : 1;
        }
      }
      return 1;
    } catch (RefusedException e) {
      return 1;
    }
  }
}
