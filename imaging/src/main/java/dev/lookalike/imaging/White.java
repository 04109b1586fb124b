package dev.lookalike.imaging;

/** Transparency is laid onto white. */
final class White {
  private White() {}

  /** A value of 0..255 with an alpha of 0..255 over white. */
  static byte under(int value, int alpha) {
    return (byte) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}
