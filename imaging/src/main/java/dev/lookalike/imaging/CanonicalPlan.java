package dev.lookalike.imaging;

import java.util.Optional;

/**
 * What is to be made of an image, as its header and the bounds say.
 *
 * @param orientation that turns the stored image upright
 * @param upright size of the whole image, upright
 * @param reduction divisor of both sides while decoding: 1, 2, 4 or 8
 * @param decoded size of the whole image, as stored, behind the decoder
 * @param partOfDecoded that is wanted
 * @param size that it is shrunk to, as stored
 */
record CanonicalPlan(
    Orientation orientation,
    Size upright,
    int reduction,
    Size decoded,
    Rectangle partOfDecoded,
    Size size) {
  /**
   * A JPEG is decoded at the largest reduction that leaves this many times the pixels wanted on
   * each side, so that the filter that shrinks it still has something to average.
   */
  static final int OVERSAMPLING = 2;

  /**
   * @throws RefusedException for a region without a pixel
   */
  static CanonicalPlan of(ImageHeader header, Optional<Region> region, Bounds bounds) {
    Orientation orientation = Orientation.ofExif(header.orientation());
    Size upright = orientation.apply(header.stored());
    Rectangle wanted = region.map(r -> r.of(upright)).orElseGet(() -> Rectangle.all(upright));
    if (wanted.isEmpty()) {
      throw new RefusedException(RefusalReason.TOO_SMALL, "the region holds no pixel");
    }
    Rectangle part = orientation.toStored(wanted, header.stored());
    Size size = orientation.apply(bounds.fit(wanted.width(), wanted.height()));
    int reduction = header.format() == ImageFormat.JPEG ? reduction(part, size) : 1;
    Size decoded =
        new Size(Math.ceilDiv(header.width(), reduction), Math.ceilDiv(header.height(), reduction));
    return new CanonicalPlan(
        orientation, upright, reduction, decoded, reduced(part, reduction, decoded), size);
  }

  private static int reduction(Rectangle part, Size size) {
    int reduction = 8;
    while (reduction > 1
        && (part.width() / reduction < (long) size.width() * OVERSAMPLING
            || part.height() / reduction < (long) size.height() * OVERSAMPLING)) {
      reduction /= 2;
    }
    return reduction;
  }

  private static Rectangle reduced(Rectangle part, int reduction, Size decoded) {
    int left = part.left() / reduction;
    int top = part.top() / reduction;
    int right = Math.min(decoded.width(), Math.ceilDiv(part.left() + part.width(), reduction));
    int bottom = Math.min(decoded.height(), Math.ceilDiv(part.top() + part.height(), reduction));
    return new Rectangle(left, top, right - left, bottom - top);
  }
}
