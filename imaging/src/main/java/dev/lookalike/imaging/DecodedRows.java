package dev.lookalike.imaging;

import dev.lookalike.imaging.opencv.OpenCv;

/** Rows of a rectangle of decoded pixels as RGB of 8 bits, alpha laid onto white. */
final class DecodedRows implements RowSource {
  private final OpenCv.Pixels pixels;
  private final boolean bgr;
  private final Rectangle part;
  private final byte[] row;

  /**
   * @param bgr whether three and four channels are in the order blue, green, red
   */
  DecodedRows(OpenCv.Pixels pixels, boolean bgr, Rectangle part) {
    this.pixels = pixels;
    this.bgr = bgr;
    this.part = part;
    this.row = new byte[pixels.rowBytes()];
  }

  @Override
  public int width() {
    return part.width();
  }

  @Override
  public int height() {
    return part.height();
  }

  @Override
  public void read(int y, byte[] rgb) {
    pixels.read(part.top() + y, row);
    int channels = pixels.channels();
    int bytes = pixels.bytesPerSample();
    int step = channels * bytes;
    if (!bgr && step == 3) {
      System.arraycopy(row, part.left() * 3, rgb, 0, part.width() * 3);
      return;
    }
    // The high byte of a little-endian sample is its last.
    int from = part.left() * step + bytes - 1;
    int red = channels == 1 ? 0 : bgr ? 2 * bytes : 0;
    int green = channels == 1 ? 0 : bytes;
    int blue = channels == 1 ? 0 : bgr ? 0 : 2 * bytes;
    for (int to = 0; to < part.width() * 3; to += 3) {
      if (channels == 4) {
        int alpha = row[from + 3 * bytes] & 0xff;
        rgb[to] = onWhite(row[from + red], alpha);
        rgb[to + 1] = onWhite(row[from + green], alpha);
        rgb[to + 2] = onWhite(row[from + blue], alpha);
      } else {
        rgb[to] = row[from + red];
        rgb[to + 1] = row[from + green];
        rgb[to + 2] = row[from + blue];
      }
      from += step;
    }
  }

  private static byte onWhite(byte value, int alpha) {
    return (byte) (((value & 0xff) * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}
