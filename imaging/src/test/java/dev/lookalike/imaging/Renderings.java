package dev.lookalike.imaging;

/** Images that the tests draw themselves. */
final class Renderings {
  private Renderings() {}

  /** The same bytes as {@code render} of resampler_goldens.py. */
  static RgbImage texture(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    int at = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++) {
          int value;
          if ((x * 3 / width + y * 4 / height + c) % 3 == 0) {
            value = x * (255 + c) / width + y * 7;
          } else if ((x / 5 + y / 3 + c) % 2 == 0) {
            value = (x * x * 31 + y * y * 17 + x * y * 7 + c * 101) >> 3;
          } else {
            value = (x + y * 2 + c) % 4 < 2 ? 255 : 0;
          }
          rgb[at++] = (byte) value;
        }
      }
    }
    return new RgbImage(width, height, rgb);
  }
}
