package dev.lookalike.imaging;

import dev.lookalike.imaging.opencv.OpenCv;

/** An image that OpenCV decoded, as RGB of 8 bits, alpha laid onto white. */
final class NativeImage implements DecodedImage {
  private final OpenCv.Pixels pixels;
  private final boolean bgr;
  private final boolean premultiplied;
  private final byte[] row;

  // Copies: each question to the native image is a call out of Java.
  private final int width;
  private final int channels;
  private final int bytes;

  /**
   * @param format of the file: libtiff hands out colours of 8 bits multiplied by their alpha
   * @param bgr whether three and four channels are in the order blue, green, red
   */
  NativeImage(OpenCv.Pixels pixels, ImageFormat format, boolean bgr) {
    this.pixels = pixels;
    this.bgr = bgr;
    this.premultiplied = format == ImageFormat.TIFF && pixels.bytesPerSample() == 1;
    this.row = new byte[pixels.rowBytes()];
    this.width = pixels.width();
    this.channels = pixels.channels();
    this.bytes = pixels.bytesPerSample();
    if (bytes > 2 || channels == 2 || channels > 4) {
      pixels.close();
      throw new RefusedException(
          RefusalReason.UNSUPPORTED_FEATURE,
          "%d channels of %d bytes are not read".formatted(channels, bytes));
    }
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public int height() {
    return pixels.height();
  }

  @Override
  public void read(int y, byte[] rgb) {
    int step = channels * bytes;
    if (!bgr && step == 3) {
      pixels.read(y, rgb);
      return;
    }
    pixels.read(y, row);
    // The high byte of a little-endian sample is its last.
    int from = bytes - 1;
    int red = channels == 1 ? 0 : bgr ? 2 * bytes : 0;
    int green = channels == 1 ? 0 : bytes;
    int blue = channels == 1 ? 0 : bgr ? 0 : 2 * bytes;
    for (int to = 0; to < width * 3; to += 3) {
      int alpha = channels == 4 ? row[from + 3 * bytes] & 0xff : 255;
      rgb[to] = onWhite(row[from + red] & 0xff, alpha);
      rgb[to + 1] = onWhite(row[from + green] & 0xff, alpha);
      rgb[to + 2] = onWhite(row[from + blue] & 0xff, alpha);
      from += step;
    }
  }

  private byte onWhite(int value, int alpha) {
    return premultiplied ? (byte) Math.min(255, value + 255 - alpha) : White.under(value, alpha);
  }

  @Override
  public void finish() {
    // All of it was decoded at the start.
  }

  @Override
  public void close() {
    pixels.close();
  }
}
