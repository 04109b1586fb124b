package dev.lookalike.imaging;

/**
 * An image as the product stores it: JPEG 4:2:0, sRGB, upright, without metadata.
 *
 * @param jpeg the encoded image, not copied: whoever holds it must not change it
 * @param width in pixels
 * @param height in pixels
 */
public record CanonicalImage(byte[] jpeg, int width, int height) {}
