package dev.lookalike.imaging;

import dev.lookalike.imaging.opencv.CodecException;
import dev.lookalike.imaging.opencv.OpenCv;
import java.util.Optional;

/**
 * Untrusted bytes to canonical image. The steps, in this order: limit the bytes, recognise the
 * format by content, check the pixels that the header states, decode (a JPEG at a half, a quarter
 * or an eighth where that suffices), lay alpha onto white, cut the region, shrink into the bounds,
 * turn upright, convert to sRGB, encode.
 *
 * <p>Pure and thread-safe. Equal bytes give equal bytes.
 */
public final class Canonicalizer {
  /** Qualities that are tried after the first, until the image fits its bytes. */
  private static final int[] LADDER = {85, 80, 75, 70, 60, 50, 40, 30, 20, 10};

  /**
   * A JPEG is decoded at the largest reduction that leaves this many times the pixels wanted on
   * each side, so that the filter that shrinks it still has something to average.
   */
  private static final int OVERSAMPLING = 2;

  /**
   * The filter whose canonical images are closest to their originals for a model. Cosine of
   * MobileNetV2 vectors to the direct way, mean/min over 24 rendered images of 4 to 12 megapixels
   * with text, lines, noise and enlarged photographs, at quality 90 and 4:2:0: Lanczos .9958/.9920,
   * bicubic .9950/.9885; decoded at full size instead of {@link #OVERSAMPLING}d .9962/.9918 and
   * .9952/.9888. Of what Lanczos loses, half is chroma subsampling (4:4:4 .9980/.9962), a quarter
   * the quality (95: .9969/.9942), a tenth the reduced decoding.
   */
  private static final Resampling SHRINKING = Resampling.LANCZOS;

  /** In pixels; bounds the memory for a row, whatever the shape of the image. */
  private static final int LONGEST_SIDE = 100_000;

  private Canonicalizer() {}

  /** Makes the whole image canonical. Never throws, whatever the bytes are. */
  public static CanonicalResult canonicalize(byte[] untrusted, ImageLimits limits, Bounds bounds) {
    return canonicalize(untrusted, limits, bounds, Optional.empty());
  }

  /** Makes a region of the image canonical, cut before it is shrunk. Never throws. */
  public static CanonicalResult canonicalize(
      byte[] untrusted, ImageLimits limits, Bounds bounds, Region region) {
    return canonicalize(untrusted, limits, bounds, Optional.of(region));
  }

  private static CanonicalResult canonicalize(
      byte[] untrusted, ImageLimits limits, Bounds bounds, Optional<Region> region) {
    try {
      ImageHeader header = checkedHeader(untrusted, limits);
      Orientation orientation = Orientation.ofExif(header.orientation());
      Size upright = orientation.apply(header.stored());
      Rectangle wanted = region.map(r -> r.of(upright)).orElseGet(() -> Rectangle.all(upright));
      if (wanted.isEmpty()) {
        throw new RefusedException(RefusalReason.TOO_SMALL, "the region holds no pixel");
      }
      Size size = bounds.fit(wanted.width(), wanted.height());
      RgbImage shrunk =
          decode(
              untrusted,
              header,
              orientation.toStored(wanted, header.stored()),
              orientation.apply(size));
      return new CanonicalResult.Canonical(
          encode(IccProfile.toSrgb(orientation.apply(shrunk), header.iccProfile()), bounds),
          header.format(),
          upright.width(),
          upright.height());
    } catch (RefusedException e) {
      return new CanonicalResult.Refused(e.reason(), e.detail());
    } catch (CodecException e) {
      return Truncation.isLikely(untrusted)
          ? new CanonicalResult.Refused(
              RefusalReason.TRUNCATED, "the file ends before its image does")
          : new CanonicalResult.Refused(RefusalReason.CORRUPT, "the decoder refused the file");
    }
  }

  static ImageHeader checkedHeader(byte[] untrusted, ImageLimits limits) {
    if (untrusted.length == 0) {
      throw new RefusedException(RefusalReason.EMPTY, "no bytes");
    }
    if (untrusted.length > limits.maxBytes()) {
      throw new RefusedException(
          RefusalReason.TOO_MANY_BYTES,
          "%d bytes, %d are allowed".formatted(untrusted.length, limits.maxBytes()));
    }
    Bytes file = new Bytes(untrusted);
    ImageHeader header = ImageHeader.parse(Sniffer.sniff(file), file);
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
    return header;
  }

  /** The rectangle of the stored image, shrunk to {@code size}. */
  private static RgbImage decode(byte[] file, ImageHeader header, Rectangle part, Size size) {
    int reduction = header.format() == ImageFormat.JPEG ? reduction(part, size) : 1;
    Size expected =
        new Size(Math.ceilDiv(header.width(), reduction), Math.ceilDiv(header.height(), reduction));
    try (DecodedImage image = open(file, header, reduction)) {
      if (image.width() != expected.width() || image.height() != expected.height()) {
        throw new RefusedException(
            RefusalReason.CORRUPT,
            "%d x %d pixels where the header says %d x %d"
                .formatted(image.width(), image.height(), expected.width(), expected.height()));
      }
      RowSource rows = CroppedRows.of(image, reduced(part, reduction, expected));
      RgbImage shrunk = Resampler.resize(rows, size, SHRINKING);
      image.finish();
      return shrunk;
    }
  }

  private static DecodedImage open(byte[] file, ImageHeader header, int reduction) {
    return switch (header.format()) {
      case JPEG ->
          new NativeImage(
              OpenCv.decode(file, OpenCv.Channels.RGB, reduction), header.format(), false);
      case PNG -> new PngImage(new Bytes(file));
      case GIF -> new GifImage(new Bytes(file), header.width(), header.height());
      case BMP -> new BmpImage(new Bytes(file));
      case WEBP, TIFF ->
          new NativeImage(OpenCv.decode(file, OpenCv.Channels.AS_STORED, 1), header.format(), true);
    };
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

  private static CanonicalImage encode(RgbImage image, Bounds bounds) {
    byte[] jpeg =
        OpenCv.encodeJpeg(image.rgb(), image.width(), image.height(), bounds.jpegQuality());
    for (int quality : LADDER) {
      if (jpeg.length <= bounds.maxBytes()) {
        break;
      }
      if (quality < bounds.jpegQuality()) {
        jpeg = OpenCv.encodeJpeg(image.rgb(), image.width(), image.height(), quality);
      }
    }
    if (jpeg.length > bounds.maxBytes()) {
      throw new RefusedException(
          RefusalReason.NOT_ENCODABLE,
          "%d x %d pixels do not fit %d bytes"
              .formatted(image.width(), image.height(), bounds.maxBytes()));
    }
    return new CanonicalImage(jpeg, image.width(), image.height());
  }
}
