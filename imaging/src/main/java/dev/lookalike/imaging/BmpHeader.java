package dev.lookalike.imaging;

import java.util.Optional;

/**
 * Header of a Windows or OS/2 bitmap: BITMAPCOREHEADER (12 bytes), BITMAPINFOHEADER (40), with
 * masks (52, 56), of OS/2 2 (64), BITMAPV4HEADER (108), BITMAPV5HEADER (124).
 *
 * @param size bytes of the header behind the file header
 * @param width in pixels
 * @param height in pixels
 * @param topDown whether the first row is the upper one
 * @param bits of a pixel
 * @param compression one of the constants here, or another number that is not read
 * @param colours entries of the palette; 0 where pixels are no colour numbers
 * @param pixels offset of the first row, or of the run lengths
 */
record BmpHeader(
    int size,
    long width,
    long height,
    boolean topDown,
    int bits,
    long compression,
    long colours,
    long pixels) {
  static final int RAW = 0;
  static final int RLE8 = 1;
  static final int RLE4 = 2;
  static final int BITFIELDS = 3;

  /** Of Windows CE: as BITFIELDS, with a mask for alpha even behind the oldest header. */
  static final int ALPHABITFIELDS = 6;

  static final int FILE_HEADER = 14;
  private static final int CORE = 12;

  static ImageHeader parse(Bytes file) {
    BmpHeader header = read(file);
    return ImageHeader.of(ImageFormat.BMP, header.width, header.height, 1, false, Optional.empty());
  }

  /** Reads the fields; those that say how pixels are stored are not checked yet. */
  static BmpHeader read(Bytes file) {
    long size = file.u32(FILE_HEADER, true);
    if (size == CORE) {
      int bits = file.u16(24, true);
      long colours = bits <= 8 ? 1L << bits : 0;
      return new BmpHeader(
          CORE,
          file.u16(18, true),
          file.u16(20, true),
          false,
          bits,
          RAW,
          colours,
          pixels(file, CORE, 3 * colours, 0));
    }
    if (size != 40 && size != 52 && size != 56 && size != 64 && size != 108 && size != 124) {
      throw new RefusedException(
          RefusalReason.UNSUPPORTED_FEATURE, "a BMP header of %d bytes".formatted(size));
    }
    int height = (int) file.u32(22, true);
    int bits = file.u16(28, true);
    long compression = file.u32(30, true);
    long stated = file.u32(46, true);
    long colours = bits > 8 ? 0 : stated == 0 ? 1L << bits : stated;
    long masks =
        size != 40 ? 0 : compression == BITFIELDS ? 12 : compression == ALPHABITFIELDS ? 16 : 0;
    return new BmpHeader(
        (int) size,
        (int) file.u32(18, true),
        Math.abs((long) height),
        height < 0,
        bits,
        compression,
        colours,
        pixels(file, (int) size, 4 * colours, masks));
  }

  /** As Pillow: where the stated offset is that of the palette, pixels come behind the palette. */
  private static long pixels(Bytes file, int size, long palette, long masks) {
    long stated = file.u32(10, true);
    long end = FILE_HEADER + size;
    if (stated == 0) {
      return end + masks + palette;
    }
    return stated == end ? stated + palette : stated;
  }

  /** Bytes of a palette entry: blue, green, red, and one that is not used. */
  int entryBytes() {
    return size == CORE ? 3 : 4;
  }

  /** Bytes from one row to the next. */
  long stride() {
    return (width * bits + 31) / 32 * 4;
  }

  /** Bytes of a row's pixels. */
  int rowBytes() {
    return Math.toIntExact((width * bits + 7) / 8);
  }
}
