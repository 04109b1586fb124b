package dev.lookalike.imaging;

/** Formats that are read, recognised by content and never by name or media type. */
public enum ImageFormat {
  JPEG("image/jpeg"),
  PNG("image/png"),
  WEBP("image/webp"),
  GIF("image/gif"),
  BMP("image/bmp"),
  TIFF("image/tiff");

  private final String mediaType;

  ImageFormat(String mediaType) {
    this.mediaType = mediaType;
  }

  /** For example {@code image/jpeg}. */
  public String mediaType() {
    return mediaType;
  }
}
