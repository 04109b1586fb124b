package dev.lookalike.imaging;

/** Outcome of {@link CanonicalDecoder#decode}. */
public sealed interface DecodeResult {
  /** The pixels. */
  record Decoded(RgbImage image) implements DecodeResult {}

  /** The bytes are no canonical image. */
  record Refused(RefusalReason reason, String detail) implements DecodeResult {}
}
