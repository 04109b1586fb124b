package dev.lookalike.imaging;

/** A rectangle of pixels, origin at the top left. */
record Rectangle(int left, int top, int width, int height) {
  static Rectangle all(Size size) {
    return new Rectangle(0, 0, size.width(), size.height());
  }

  boolean isEmpty() {
    return width <= 0 || height <= 0;
  }
}
