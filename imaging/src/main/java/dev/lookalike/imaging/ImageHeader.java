package dev.lookalike.imaging;

import java.util.Optional;

/**
 * What the header of a file says about its image.
 *
 * @param format by content
 * @param width in pixels, as stored; at least 1
 * @param height in pixels, as stored; at least 1
 * @param orientation EXIF orientation, 1..8
 * @param grey whether the file has one colour channel
 * @param iccProfile embedded colour profile
 */
record ImageHeader(
    ImageFormat format,
    int width,
    int height,
    int orientation,
    boolean grey,
    Optional<byte[]> iccProfile) {

  static ImageHeader of(
      ImageFormat format,
      long width,
      long height,
      int orientation,
      boolean grey,
      Optional<byte[]> iccProfile) {
    if (width < 1 || height < 1) {
      throw new RefusedException(
          RefusalReason.CORRUPT, "the header says %d x %d pixels".formatted(width, height));
    }
    if (width > Integer.MAX_VALUE || height > Integer.MAX_VALUE) {
      throw new RefusedException(
          RefusalReason.TOO_MANY_PIXELS, "the header says %d x %d pixels".formatted(width, height));
    }
    return new ImageHeader(format, (int) width, (int) height, orientation, grey, iccProfile);
  }

  static ImageHeader parse(ImageFormat format, Bytes file) {
    return switch (format) {
      case JPEG -> JpegHeader.parse(file);
      case PNG -> PngHeader.parse(file);
      case WEBP -> WebpHeader.parse(file);
      case GIF -> GifHeader.parse(file);
      case BMP -> BmpHeader.parse(file);
      case TIFF -> TiffHeader.parse(file);
    };
  }

  Size stored() {
    return new Size(width, height);
  }
}
