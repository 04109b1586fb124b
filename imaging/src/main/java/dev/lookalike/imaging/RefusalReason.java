package dev.lookalike.imaging;

/** Why bytes did not become an image. The names are published: they do not change. */
public enum RefusalReason {
  /** No bytes at all. */
  EMPTY,
  /** More bytes than {@link ImageLimits#maxBytes()}. */
  TOO_MANY_BYTES,
  /** The content is of no format known here. */
  UNKNOWN_FORMAT,
  /** HEIF image coded with HEVC, as phones write it. */
  HEIC,
  /** AVIF image. */
  AVIF,
  /** A known format that is not read, such as JPEG 2000, JPEG XL, PSD, SVG or PDF. */
  UNSUPPORTED_FORMAT,
  /** More pixels than {@link ImageLimits#maxPixels()}, as the header states it. */
  TOO_MANY_PIXELS,
  /** The region holds no pixel. */
  TOO_SMALL,
  /** The file ends before its image does. */
  TRUNCATED,
  /** The file contradicts its format. */
  CORRUPT,
  /** A legal variant of a format that is not read, such as lossless or 12-bit JPEG. */
  UNSUPPORTED_FEATURE,
  /** The image does not fit {@link Bounds#maxBytes()} at any quality. */
  NOT_ENCODABLE
}
