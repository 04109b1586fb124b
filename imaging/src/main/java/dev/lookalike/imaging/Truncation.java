package dev.lookalike.imaging;

/** Tells a file that was cut off from one that is damaged, after its decoder gave up. */
final class Truncation {
  private Truncation() {}

  /** Whether the structure of the file says that its end is missing. */
  static boolean isLikely(byte[] encoded) {
    Bytes file = new Bytes(encoded);
    if (file.has(0, "RIFF")) {
      return file.length() >= 8 && 8 + file.u32(4, true) > file.length();
    }
    return file.has(0, "\u00ff\u00d8") && !hasEndOfJpeg(encoded);
  }

  /** Whether an end-of-image marker stands anywhere behind the first scan's header. */
  private static boolean hasEndOfJpeg(byte[] jpeg) {
    boolean scan = false;
    for (int i = 2; i + 1 < jpeg.length; i++) {
      if ((jpeg[i] & 0xff) == 0xff) {
        int marker = jpeg[i + 1] & 0xff;
        scan |= marker == 0xda;
        if (scan && marker == 0xd9) {
          return true;
        }
      }
    }
    return false;
  }
}
