package dev.lookalike.imaging;

/** What became of untrusted bytes. */
public sealed interface CanonicalResult {
  /**
   * The bytes are an image.
   *
   * @param image the canonical image
   * @param originalFormat format of the bytes
   * @param originalWidth width of the whole original in pixels, after its orientation is applied
   * @param originalHeight height of the whole original in pixels, after its orientation is applied
   */
  record Canonical(
      CanonicalImage image, ImageFormat originalFormat, int originalWidth, int originalHeight)
      implements CanonicalResult {}

  /**
   * The bytes are refused.
   *
   * @param reason stable code
   * @param detail for a person, without any of the image's content
   */
  record Refused(RefusalReason reason, String detail) implements CanonicalResult {}
}
