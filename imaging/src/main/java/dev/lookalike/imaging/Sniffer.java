package dev.lookalike.imaging;

/** Recognises formats by their first bytes. */
final class Sniffer {
  /** First bytes of formats that are known and not read. */
  private static final String[][] UNREAD = {
    {"\0\0\0\fjP  ", "JPEG 2000"},
    {"\u00ff\u004f\u00ff\u0051", "JPEG 2000"},
    {"\0\0\0\fJXL ", "JPEG XL"},
    {"\u00ff\n", "JPEG XL"},
    {"II\u00bc", "JPEG XR"},
    {"8BPS", "Photoshop"},
    {"%PDF", "PDF"},
    {"%!PS", "PostScript"},
    {"\0\0\1\0", "Windows icon"},
    {"\0\0\2\0", "Windows cursor"},
    {"DDS ", "DirectDraw surface"},
    {"v/1\1", "OpenEXR"},
    {"#?RADIANCE", "Radiance"},
    {"qoif", "QOI"},
    {"<svg", "SVG"},
    {"<?xml", "SVG or other XML"},
    {"P1\n", "PBM"},
    {"P2\n", "PGM"},
    {"P3\n", "PPM"},
    {"P4\n", "PBM"},
    {"P5\n", "PGM"},
    {"P6\n", "PPM"},
    {"P7\n", "PAM"},
  };

  private Sniffer() {}

  static ImageFormat sniff(Bytes file) {
    if (file.has(0, "\u00ff\u00d8\u00ff")) {
      return ImageFormat.JPEG;
    }
    if (file.has(0, "\u0089PNG\r\n\u001a\n")) {
      return ImageFormat.PNG;
    }
    if (file.has(0, "RIFF") && file.has(8, "WEBP")) {
      return ImageFormat.WEBP;
    }
    if (file.has(0, "GIF87a") || file.has(0, "GIF89a")) {
      return ImageFormat.GIF;
    }
    if (file.has(0, "BM")) {
      return ImageFormat.BMP;
    }
    if (file.has(0, "II*\0") || file.has(0, "MM\0*")) {
      return ImageFormat.TIFF;
    }
    if (file.has(0, "II+\0") || file.has(0, "MM\0+")) {
      throw new RefusedException(RefusalReason.UNSUPPORTED_FEATURE, "BigTIFF is not read");
    }
    if (file.has(4, "ftyp")) {
      throw heif(file);
    }
    for (String[] unread : UNREAD) {
      if (file.has(0, unread[0])) {
        throw new RefusedException(RefusalReason.UNSUPPORTED_FORMAT, unread[1] + " is not read");
      }
    }
    throw new RefusedException(RefusalReason.UNKNOWN_FORMAT, "the content is of no known format");
  }

  /** ISO 14496-12 file type box: major brand, minor version, compatible brands. */
  private static RefusedException heif(Bytes file) {
    long box = Math.min(file.u32(0, false), Math.min(file.length(), 256));
    StringBuilder brands = new StringBuilder();
    for (long at = 8; at + 4 <= box; at += 4) {
      if (at != 12) {
        brands.append(file.ascii(at, 4)).append(' ');
      }
    }
    String all = brands.toString();
    if (all.contains("avif") || all.contains("avis")) {
      return new RefusedException(RefusalReason.AVIF, "AVIF is not read");
    }
    if (all.contains("hei")
        || all.contains("hev")
        || all.contains("mif1")
        || all.contains("msf1")) {
      return new RefusedException(RefusalReason.HEIC, "HEIC is not read");
    }
    return new RefusedException(
        RefusalReason.UNSUPPORTED_FORMAT, "an ISO media file that holds no image known here");
  }
}
