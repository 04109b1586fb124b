package dev.lookalike.imaging;

/**
 * The eight EXIF orientations as transpose and mirror: pixel (u, v) of the upright image is pixel
 * (x, y) of the stored one, where (x, y) is (u, v), or (v, u) if transposed, then counted from the
 * far edge if mirrored.
 */
record Orientation(boolean transposed, boolean mirroredX, boolean mirroredY) {
  static Orientation ofExif(int orientation) {
    return switch (orientation) {
      case 2 -> new Orientation(false, true, false);
      case 3 -> new Orientation(false, true, true);
      case 4 -> new Orientation(false, false, true);
      case 5 -> new Orientation(true, false, false);
      case 6 -> new Orientation(true, false, true);
      case 7 -> new Orientation(true, true, true);
      case 8 -> new Orientation(true, true, false);
      default -> new Orientation(false, false, false);
    };
  }

  /** Size of the upright image, or of the stored one given the upright. */
  Size apply(Size size) {
    return transposed ? size.transposed() : size;
  }

  /** Where a rectangle of the upright image lies in the stored one. */
  Rectangle toStored(Rectangle upright, Size stored) {
    int left = transposed ? upright.top() : upright.left();
    int top = transposed ? upright.left() : upright.top();
    int width = transposed ? upright.height() : upright.width();
    int height = transposed ? upright.width() : upright.height();
    return new Rectangle(
        mirroredX ? stored.width() - left - width : left,
        mirroredY ? stored.height() - top - height : top,
        width,
        height);
  }

  /** Turns a stored image upright. */
  RgbImage apply(RgbImage stored) {
    if (!transposed && !mirroredX && !mirroredY) {
      return stored;
    }
    Size upright = apply(new Size(stored.width(), stored.height()));
    byte[] from = stored.rgb();
    byte[] to = new byte[from.length];
    int stepX = mirroredX ? -3 : 3;
    int stepY = (mirroredY ? -3 : 3) * stored.width();
    int origin =
        (mirroredX ? (stored.width() - 1) * 3 : 0)
            + (mirroredY ? (stored.height() - 1) * stored.width() * 3 : 0);
    int stepU = transposed ? stepY : stepX;
    int stepV = transposed ? stepX : stepY;
    int at = 0;
    for (int v = 0; v < upright.height(); v++) {
      int source = origin + v * stepV;
      for (int u = 0; u < upright.width(); u++) {
        to[at] = from[source];
        to[at + 1] = from[source + 1];
        to[at + 2] = from[source + 2];
        at += 3;
        source += stepU;
      }
    }
    return new RgbImage(upright.width(), upright.height(), to);
  }
}
