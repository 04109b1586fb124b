package dev.lookalike.imaging;

/** Rows of an RGB image, read from the top down, each at most once. */
interface RowSource {
  int width();

  int height();

  /**
   * Writes row {@code y} as {@code width * 3} bytes to the start of {@code rgb}. Rows are asked for
   * in ascending order; some may be skipped.
   */
  void read(int y, byte[] rgb);

  /** Rows of an image in memory. */
  static RowSource of(RgbImage image) {
    return new RowSource() {
      @Override
      public int width() {
        return image.width();
      }

      @Override
      public int height() {
        return image.height();
      }

      @Override
      public void read(int y, byte[] rgb) {
        int stride = image.width() * 3;
        System.arraycopy(image.rgb(), y * stride, rgb, 0, stride);
      }
    };
  }
}
