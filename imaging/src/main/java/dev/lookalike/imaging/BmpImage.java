package dev.lookalike.imaging;

import org.jspecify.annotations.Nullable;

/**
 * Decoder of bitmaps of Windows and OS/2: 1, 2, 4 and 8 bits with a palette, also run-length
 * encoded, and 16, 24 and 32 bits with any masks. Where Pillow reads a file, its pixels are those
 * of Pillow: 32 bits without masks are opaque, pixels that runs skip have the first colour, and a
 * file must hold every row. Beyond Pillow it reads 2 bits, masks of any width, and the masks of
 * Windows CE.
 */
final class BmpImage implements DecodedImage {
  private final Bytes file;
  private final BmpHeader header;
  private final int width;
  private final int height;

  /** RGB of 256 palette entries; black where the file has fewer. */
  private final byte[] palette = new byte[256 * 3];

  private final Layout layout;
  private final byte[] row;

  /** Only where colour numbers are run-length encoded. */
  private final @Nullable Runs runs;

  /** How a pixel is stored. */
  private enum Layout {
    COLOUR_NUMBERS,
    RUNS,
    BLUE_GREEN_RED,
    MASKS
  }

  private final Channel[] channels;

  /**
   * A colour channel, or alpha, within a pixel.
   *
   * @param mask 0: the channel is not there
   * @param values of 8 bits, by the channel's upper 8 bits
   */
  private record Channel(int mask, int shift, byte[] values) {
    static Channel of(int mask) {
      int low = mask == 0 ? 0 : Integer.numberOfTrailingZeros(mask);
      int bits = Integer.bitCount(mask);
      if (mask != 0 && mask >>> low != -1 >>> 32 - bits) {
        throw new RefusedException(RefusalReason.CORRUPT, "the BMP is damaged: a mask with gaps");
      }
      int kept = Math.min(8, bits);
      byte[] values = new byte[1 << kept];
      for (int i = 1; i < values.length; i++) {
        values[i] = (byte) (i * 255 / (values.length - 1));
      }
      return new Channel(mask, low + bits - kept, values);
    }

    int of8Bits(int pixel) {
      return values[(pixel & mask) >>> shift] & 0xff;
    }
  }

  BmpImage(Bytes file) {
    this.file = file;
    this.header = BmpHeader.read(file);
    this.width = Math.toIntExact(header.width());
    this.height = Math.toIntExact(header.height());
    this.layout = layout(header);
    this.channels = layout == Layout.MASKS ? channels() : new Channel[0];
    readPalette();
    if (layout == Layout.RUNS) {
      this.row = new byte[width];
      this.runs = Runs.decode(file, header);
    } else {
      long end = header.pixels() + header.stride() * (height - 1) + header.rowBytes();
      if (end > file.length()) {
        throw truncated();
      }
      this.row = new byte[header.rowBytes()];
      this.runs = null;
    }
  }

  private static Layout layout(BmpHeader header) {
    int bits = header.bits();
    boolean numbers = bits == 1 || bits == 2 || bits == 4 || bits == 8;
    boolean direct = bits == 16 || bits == 24 || bits == 32;
    long compression = header.compression();
    if (numbers && (header.colours() < 1 || header.colours() > 65_536)) {
      throw unsupported("a palette of %d colours".formatted(header.colours()));
    }
    if (compression == BmpHeader.RAW && numbers) {
      return Layout.COLOUR_NUMBERS;
    }
    if (compression == BmpHeader.RAW && direct) {
      return bits == 16 ? Layout.MASKS : Layout.BLUE_GREEN_RED;
    }
    if (numbers && (compression == BmpHeader.RLE8 || compression == BmpHeader.RLE4)) {
      return Layout.RUNS;
    }
    if (direct && (compression == BmpHeader.BITFIELDS || compression == BmpHeader.ALPHABITFIELDS)) {
      return Layout.MASKS;
    }
    throw unsupported("%d bits with compression %d".formatted(bits, compression));
  }

  private static RefusedException unsupported(String what) {
    return new RefusedException(
        RefusalReason.UNSUPPORTED_FEATURE, "a BMP with " + what + " is not read");
  }

  private static RefusedException truncated() {
    return new RefusedException(RefusalReason.TRUNCATED, "the BMP ends before its image");
  }

  /** Red, green, blue, alpha. */
  private Channel[] channels() {
    int[] masks = {0x7c00, 0x3e0, 0x1f, 0};
    if (header.compression() != BmpHeader.RAW) {
      int there = hasAlphaMask() ? 4 : 3;
      for (int i = 0; i < there; i++) {
        masks[i] = (int) file.u32(BmpHeader.FILE_HEADER + 40 + 4L * i, true);
      }
      if ((masks[0] | masks[1] | masks[2]) == 0) {
        if (header.bits() != 32) {
          throw unsupported("empty masks");
        }
        // As Pillow: blue, green, red, alpha.
        masks = new int[] {0xff0000, 0xff00, 0xff, 0xff000000};
      }
    }
    Channel[] all = new Channel[4];
    for (int i = 0; i < 4; i++) {
      all[i] = Channel.of(masks[i]);
    }
    return all;
  }

  /** Before version 4 a fourth mask of 16 bits is not alpha, as Pillow has it. */
  private boolean hasAlphaMask() {
    return header.compression() == BmpHeader.ALPHABITFIELDS
        || header.size() >= 108
        || header.size() == 56 && header.bits() == 32;
  }

  private void readPalette() {
    long at = BmpHeader.FILE_HEADER + header.size();
    for (int i = 0; i < Math.min(256, header.colours()); i++) {
      if (at + 3 > file.length()) {
        return;
      }
      palette[i * 3] = (byte) file.u8(at + 2);
      palette[i * 3 + 1] = (byte) file.u8(at + 1);
      palette[i * 3 + 2] = (byte) file.u8(at);
      at += header.entryBytes();
    }
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public int height() {
    return height;
  }

  @Override
  public void read(int y, byte[] rgb) {
    int stored = header.topDown() ? y : height - 1 - y;
    if (runs != null) {
      runs.read(stored, row);
    } else {
      file.copy(header.pixels() + header.stride() * stored, row);
    }
    switch (layout) {
      case RUNS -> colourNumbers(8, rgb);
      case COLOUR_NUMBERS -> colourNumbers(header.bits(), rgb);
      case BLUE_GREEN_RED -> blueGreenRed(rgb);
      case MASKS -> masked(rgb);
    }
  }

  private void colourNumbers(int bits, byte[] rgb) {
    int mask = (1 << bits) - 1;
    for (int x = 0; x < width; x++) {
      int bit = x * bits;
      int number = (row[bit >> 3] & 0xff) >> (8 - bits - (bit & 7)) & mask;
      System.arraycopy(palette, number * 3, rgb, x * 3, 3);
    }
  }

  private void blueGreenRed(byte[] rgb) {
    int step = header.bits() / 8;
    int from = 0;
    for (int to = 0; to < width * 3; to += 3) {
      rgb[to] = row[from + 2];
      rgb[to + 1] = row[from + 1];
      rgb[to + 2] = row[from];
      from += step;
    }
  }

  private void masked(byte[] rgb) {
    int step = header.bits() / 8;
    boolean opaque = channels[3].mask() == 0;
    int from = 0;
    for (int to = 0; to < width * 3; to += 3) {
      int pixel = 0;
      for (int i = step - 1; i >= 0; i--) {
        pixel = pixel << 8 | (row[from + i] & 0xff);
      }
      int alpha = opaque ? 255 : channels[3].of8Bits(pixel);
      rgb[to] = White.under(channels[0].of8Bits(pixel), alpha);
      rgb[to + 1] = White.under(channels[1].of8Bits(pixel), alpha);
      rgb[to + 2] = White.under(channels[2].of8Bits(pixel), alpha);
      from += step;
    }
  }

  @Override
  public void finish() {
    // That every row is there was checked at the start.
  }

  @Override
  public void close() {
    if (runs != null) {
      runs.close();
    }
  }

  /**
   * Colour numbers that were run-length encoded, row by row in the order of the file. Damage is
   * treated as in Pillow's {@code BmpRleDecoder}: a run of one colour ends with its row, a run of
   * several goes on in the next, and an end of the bitmap before its last pixel is too early.
   */
  private static final class Runs implements AutoCloseable {
    private final int width;
    private final long size;
    private final Canvas numbers;
    private final byte[] pending;

    /** Pixels written so far, skipped ones included. */
    private long written;

    private Runs(int width, int height) {
      this.width = width;
      this.size = (long) width * height;
      this.numbers = new Canvas(width, height);
      this.pending = new byte[256];
    }

    static Runs decode(Bytes file, BmpHeader header) {
      Runs runs = new Runs((int) header.width(), (int) header.height());
      try {
        runs.decode(file, header.pixels(), header.compression() == BmpHeader.RLE4);
        return runs;
      } catch (RuntimeException e) {
        runs.close();
        throw e;
      }
    }

    private void decode(Bytes file, long start, boolean nibbles) {
      long at = start;
      // May be beyond the row after a run of several colours.
      long x = 0;
      while (written < size) {
        if (at + 2 > file.length()) {
          throw truncated();
        }
        int count = file.u8(at);
        int value = file.u8(at + 1);
        at += 2;
        if (count > 0) {
          int run = (int) Math.clamp(width - x, 0, count);
          for (int i = 0; i < run; i++) {
            pending[i] = (byte) (!nibbles ? value : i % 2 == 0 ? value >> 4 : value & 15);
          }
          write(run);
          x += run;
        } else if (value == 0) {
          written = Math.ceilDiv(written, (long) width) * width;
          x = 0;
        } else if (value == 1) {
          throw truncated();
        } else if (value == 2) {
          if (at + 2 > file.length()) {
            throw truncated();
          }
          written = Math.min(size, written + file.u8(at) + (long) file.u8(at + 1) * width);
          x = written % width;
          at += 2;
        } else {
          int run = (int) Math.min(size - written, value);
          int bytes = nibbles ? (run + 1) / 2 : run;
          if (at + bytes > file.length()) {
            throw truncated();
          }
          for (int i = 0; i < run; i++) {
            int number = file.u8(at + (nibbles ? i / 2 : i));
            pending[i] = (byte) (!nibbles ? number : i % 2 == 0 ? number >> 4 : number & 15);
          }
          write(run);
          x += value;
          at += bytes;
          // Runs start at even offsets of the file.
          at += at % 2;
        }
      }
    }

    /** Writes the first {@code count} pending numbers, over the ends of rows. */
    private void write(int count) {
      numbers.write(written, pending, count);
      written += count;
    }

    void read(int storedRow, byte[] row) {
      numbers.read(storedRow, row);
    }

    @Override
    public void close() {
      numbers.close();
    }
  }
}
