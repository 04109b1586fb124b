package dev.lookalike.imaging;

/**
 * Part of an image after its EXIF orientation is applied, in fractions of its width and height,
 * origin at the top left.
 *
 * @param x left edge, 0 <= x < 1
 * @param y top edge, 0 <= y < 1
 * @param width 0 < width <= 1 - x
 * @param height 0 < height <= 1 - y
 */
public record Region(float x, float y, float width, float height) {
  /** Slack for sums of floats such as 0.7f + 0.3f. */
  private static final float SLACK = 1e-5f;

  public Region {
    if (!isValid(x, y, width, height)) {
      throw new IllegalArgumentException(
          "region out of range: x %s, y %s, width %s, height %s".formatted(x, y, width, height));
    }
  }

  /** Whether the four numbers are a region; the constructor throws where they are not. */
  public static boolean isValid(float x, float y, float width, float height) {
    return x >= 0
        && y >= 0
        && x < 1
        && y < 1
        && width > 0
        && height > 0
        && x + width <= 1 + SLACK
        && y + height <= 1 + SLACK;
  }

  /** The pixels of this region, edges rounded to the nearest pixel; may be empty. */
  Rectangle of(Size image) {
    int left = edge(x, image.width());
    int top = edge(y, image.height());
    return new Rectangle(
        left,
        top,
        edge((double) x + width, image.width()) - left,
        edge((double) y + height, image.height()) - top);
  }

  private static int edge(double fraction, int length) {
    return (int) Math.min(length, Math.round(fraction * length));
  }
}
