package dev.lookalike.embed.query;

import com.google.protobuf.ByteString;
import dev.lookalike.imaging.Bounds;
import dev.lookalike.imaging.CanonicalDecoder;
import dev.lookalike.imaging.CanonicalResult;
import dev.lookalike.imaging.Canonicalizer;
import dev.lookalike.imaging.DecodeResult;
import dev.lookalike.imaging.ImageLimits;
import dev.lookalike.imaging.PerceptualHash;
import dev.lookalike.imaging.Region;
import dev.lookalike.imaging.RgbImage;
import dev.lookalike.proto.embed.v1.QueryImage;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.service.error.ErrorCode;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;

/**
 * From the bytes of a query image to the pixels that a stored image of the same file would have:
 * made canonical in the bounds of the collection, and decoded again.
 */
final class QueryImageDecoder {
  private QueryImageDecoder() {}

  /** What became of the bytes. */
  sealed interface Decoding {
    /**
     * @param sha256 of the bytes of the request, 32 bytes
     */
    record Decoded(RgbImage pixels, long perceptualHash, byte[] sha256) implements Decoding {}

    record Refused(QueryEmbedding.Refused refusal) implements Decoding {}
  }

  /** Why an image is refused before its bytes are looked at. */
  static Optional<QueryEmbedding.Refused> refusal(QueryImage image, ImageLimits limits) {
    if (image.hasRegion()
        && !Region.isValid(
            image.getRegion().getX(),
            image.getRegion().getY(),
            image.getRegion().getWidth(),
            image.getRegion().getHeight())) {
      return Optional.of(
          new QueryEmbedding.Refused(
              ErrorCode.INVALID_REGION,
              "a region has 0 <= x < 1 and 0 < width <= 1 - x, and the same for y and height"));
    }
    if (image.getImage().size() > limits.maxBytes()) {
      return Optional.of(
          new QueryEmbedding.Refused(
              ErrorCode.TOO_MANY_BYTES,
              "%d bytes, at most %d".formatted(image.getImage().size(), limits.maxBytes())));
    }
    return Optional.empty();
  }

  /**
   * @param image that {@link #refusal} lets through
   */
  static Decoding decode(QueryImage image, ImageLimits limits, Bounds bounds) {
    ByteString bytes = image.getImage();
    byte[] untrusted = bytes.toByteArray();
    return switch (canonical(image, untrusted, limits, bounds)) {
      case CanonicalResult.Refused refused ->
          new Decoding.Refused(
              new QueryEmbedding.Refused(
                  ErrorCode.valueOf(refused.reason().name()), refused.detail()));
      case CanonicalResult.Canonical made ->
          switch (CanonicalDecoder.decode(made.image().jpeg())) {
            case DecodeResult.Refused refused ->
                throw new IllegalStateException(
                    "our own canonical image is refused: " + refused.reason());
            case DecodeResult.Decoded decoded ->
                new Decoding.Decoded(
                    decoded.image(), PerceptualHash.of(decoded.image()), sha256(untrusted));
          };
    };
  }

  private static CanonicalResult canonical(
      QueryImage image, byte[] untrusted, ImageLimits limits, Bounds bounds) {
    return image.hasRegion()
        ? Canonicalizer.canonicalize(
            untrusted,
            limits,
            bounds,
            new Region(
                image.getRegion().getX(),
                image.getRegion().getY(),
                image.getRegion().getWidth(),
                image.getRegion().getHeight()))
        : Canonicalizer.canonicalize(untrusted, limits, bounds);
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The bounds of stored images; those that a collection leaves out are the defaults. */
  static Bounds bounds(CanonicalBounds bounds) {
    return new Bounds(
        bounds.getShortSide() == 0 ? Bounds.DEFAULT.shortSide() : bounds.getShortSide(),
        bounds.getLongSide() == 0 ? Bounds.DEFAULT.longSide() : bounds.getLongSide(),
        bounds.getJpegQuality() == 0 ? Bounds.DEFAULT.jpegQuality() : bounds.getJpegQuality(),
        bounds.getMaxBytes() == 0 ? Bounds.DEFAULT.maxBytes() : bounds.getMaxBytes());
  }
}
