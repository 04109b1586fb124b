package dev.lookalike.imaging;

import java.util.Arrays;

/**
 * The DCT hash of 64 bits known as pHash, as the Python package {@code imagehash} computes it:
 * luma, 32 x 32 pixels, DCT-II, the 8 x 8 lowest frequencies, one bit each for being above their
 * median. A copy that was scaled or compressed again differs in a few bits.
 */
public final class PerceptualHash {
  private static final int SIDE = 32;
  private static final int LOW = 8;

  /** {@code COSINES[k][i]} = 2 cos(pi k (2 i + 1) / 64). */
  private static final double[][] COSINES = cosines();

  private PerceptualHash() {}

  /** The first frequency is the highest bit; rows are vertical frequencies. */
  public static long of(RgbImage image) {
    double[][] luma = luma(image);
    double[] low = new double[LOW * LOW];
    for (int u = 0; u < LOW; u++) {
      double[] columns = new double[SIDE];
      for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
          columns[x] += COSINES[u][y] * luma[y][x];
        }
      }
      for (int v = 0; v < LOW; v++) {
        double sum = 0;
        for (int x = 0; x < SIDE; x++) {
          sum += COSINES[v][x] * columns[x];
        }
        low[u * LOW + v] = sum;
      }
    }
    double[] sorted = low.clone();
    Arrays.sort(sorted);
    double median = (sorted[LOW * LOW / 2 - 1] + sorted[LOW * LOW / 2]) / 2;
    long hash = 0;
    for (double value : low) {
      hash = hash << 1 | (value > median ? 1 : 0);
    }
    return hash;
  }

  /** ITU-R BT.601 luma in Pillow's fixed point, before the image is shrunk. */
  private static double[][] luma(RgbImage image) {
    byte[] rgb = image.rgb();
    byte[] grey = new byte[rgb.length];
    for (int i = 0; i < rgb.length; i += 3) {
      int red = rgb[i] & 0xff;
      int green = rgb[i + 1] & 0xff;
      int blue = rgb[i + 2] & 0xff;
      byte value = (byte) (red * 19595 + green * 38470 + blue * 7471 + 0x8000 >> 16);
      grey[i] = value;
      grey[i + 1] = value;
      grey[i + 2] = value;
    }
    RgbImage small =
        Resampler.resize(
            new RgbImage(image.width(), image.height(), grey), SIDE, SIDE, Resampling.LANCZOS);
    double[][] luma = new double[SIDE][SIDE];
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        luma[y][x] = small.rgb()[(y * SIDE + x) * 3] & 0xff;
      }
    }
    return luma;
  }

  private static double[][] cosines() {
    double[][] cosines = new double[LOW][SIDE];
    for (int k = 0; k < LOW; k++) {
      for (int i = 0; i < SIDE; i++) {
        cosines[k][i] = 2 * Math.cos(Math.PI * k * (2 * i + 1) / (2 * SIDE));
      }
    }
    return cosines;
  }
}
