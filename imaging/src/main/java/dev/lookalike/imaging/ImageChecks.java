package dev.lookalike.imaging;

/** What is checked of a file before, and while, it is decoded. */
final class ImageChecks {
  /** In pixels; bounds the memory for a row, whatever the shape of the image. */
  private static final int LONGEST_SIDE = 100_000;

  private ImageChecks() {}

  /**
   * The header of a file of acceptable size, of an image of acceptable size.
   *
   * @throws RefusedException with the check that failed
   */
  static ImageHeader header(byte[] untrusted, ImageLimits limits) {
    Bytes file = limitBytes(untrusted, limits);
    ImageHeader header = ImageHeader.parse(Sniffer.sniff(file), file);
    limitPixels(header, limits);
    return header;
  }

  static Bytes limitBytes(byte[] untrusted, ImageLimits limits) {
    if (untrusted.length == 0) {
      throw new RefusedException(RefusalReason.EMPTY, "no bytes");
    }
    if (untrusted.length > limits.maxBytes()) {
      throw new RefusedException(
          RefusalReason.TOO_MANY_BYTES,
          "%d bytes, %d are allowed".formatted(untrusted.length, limits.maxBytes()));
    }
    return new Bytes(untrusted);
  }

  static void limitPixels(ImageHeader header, ImageLimits limits) {
    if ((long) header.width() * header.height() > limits.maxPixels()) {
      throw new RefusedException(
          RefusalReason.TOO_MANY_PIXELS,
          "%d x %d pixels, %d are allowed"
              .formatted(header.width(), header.height(), limits.maxPixels()));
    }
    if (Math.max(header.width(), header.height()) > LONGEST_SIDE) {
      throw new RefusedException(
          RefusalReason.TOO_MANY_PIXELS,
          "%d x %d pixels, a side of %d is allowed"
              .formatted(header.width(), header.height(), LONGEST_SIDE));
    }
  }

  /** The decoder found the image that the header announced. */
  static void sameSize(RowSource image, Size expected) {
    if (image.width() != expected.width() || image.height() != expected.height()) {
      throw new RefusedException(
          RefusalReason.CORRUPT,
          "%d x %d pixels where the header says %d x %d"
              .formatted(image.width(), image.height(), expected.width(), expected.height()));
    }
  }
}
