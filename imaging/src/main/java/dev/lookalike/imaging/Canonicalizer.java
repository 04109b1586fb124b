package dev.lookalike.imaging;

import dev.lookalike.imaging.opencv.CodecException;
import dev.lookalike.imaging.opencv.OpenCv;
import java.util.Optional;

/**
 * Untrusted bytes to canonical image, step by step; each step is a function of what those before it
 * gave. Nothing is decoded before its size has been checked.
 *
 * <p>Pure and thread-safe. Equal bytes give equal bytes.
 */
public final class Canonicalizer {
  /**
   * The filter whose canonical images are closest to their originals for a model. Cosine of
   * MobileNetV2 vectors to the direct way, mean/min over 24 rendered images of 4 to 12 megapixels
   * with text, lines, noise and enlarged photographs, at quality 90 and 4:2:0: Lanczos .9958/.9920,
   * bicubic .9950/.9885; decoded at full size instead of {@link CanonicalPlan#OVERSAMPLING}d
   * .9962/.9918 and .9952/.9888. Of what Lanczos loses, half is chroma subsampling (4:4:4
   * .9980/.9962), a quarter the quality (95: .9969/.9942), a tenth the reduced decoding.
   */
  private static final Resampling SHRINKING = Resampling.LANCZOS;

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
      Bytes file = ImageChecks.limitBytes(untrusted, limits);
      ImageFormat format = Sniffer.sniff(file);
      ImageHeader header = ImageHeader.parse(format, file);
      ImageChecks.limitPixels(header, limits);
      CanonicalPlan plan = CanonicalPlan.of(header, region, bounds);
      RgbImage shrunk = decodeAndShrink(untrusted, header, plan);
      RgbImage upright = plan.orientation().apply(shrunk);
      RgbImage srgb = IccProfile.toSrgb(upright, header.iccProfile());
      CanonicalImage canonical = JpegEncoder.encode(srgb, bounds);
      return new CanonicalResult.Canonical(
          canonical, format, plan.upright().width(), plan.upright().height());
    } catch (RefusedException e) {
      return new CanonicalResult.Refused(e.reason(), e.detail());
    } catch (CodecException e) {
      return Truncation.isLikely(untrusted)
          ? new CanonicalResult.Refused(
              RefusalReason.TRUNCATED, "the file ends before its image does")
          : new CanonicalResult.Refused(RefusalReason.CORRUPT, "the decoder refused the file");
    }
  }

  /** Alpha is laid onto white, the part cut and shrunk, row by row as the decoder gives them. */
  private static RgbImage decodeAndShrink(byte[] file, ImageHeader header, CanonicalPlan plan) {
    try (DecodedImage image = open(file, header, plan.reduction())) {
      ImageChecks.sameSize(image, plan.decoded());
      RowSource rows = CroppedRows.of(image, plan.partOfDecoded());
      RgbImage shrunk = Resampler.resize(rows, plan.size(), SHRINKING);
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
}
