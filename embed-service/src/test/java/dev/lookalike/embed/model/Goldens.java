package dev.lookalike.embed.model;

import dev.lookalike.imaging.RgbImage;
import java.nio.file.Path;

/** Models and images of src/test/oracle/goldens.py. */
public final class Goldens {
  public static final Path FOLDER = Path.of("src/test/resources/goldens");

  private Goldens() {}

  /** The formula of goldens.py. */
  public static RgbImage image(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int at = (y * width + x) * 3;
        rgb[at] = (byte) ((x * 7 + y * 3 + (x * y) / 11) % 256);
        rgb[at + 1] = (byte) ((x * x / 5 + y * 13) % 256);
        rgb[at + 2] = (byte) (((x ^ y) * 9 + (x / 16 % 2) * 90) % 256);
      }
    }
    return new RgbImage(width, height, rgb);
  }
}
