package dev.lookalike.imaging;

/** Width and height in pixels, both at least 1. */
record Size(int width, int height) {
  Size transposed() {
    return new Size(height, width);
  }
}
