package dev.lookalike.imaging;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Decoder of PNG (third edition): all colour types, depths and both interlacings; of an animation
 * its default image. Rows come out as RGB of 8 bits, transparency laid onto white. A decoder of our
 * own because it needs a few rows of memory where OpenCV needs the image, at up to eight bytes a
 * pixel, and because nothing in a file can make it write outside of an array.
 *
 * <p>As Pillow does, it takes what is there: checksums and what follows the last row are not looked
 * at.
 */
final class PngImage implements DecodedImage {
  private static final int GREY = 0;
  private static final int RGB = 2;
  private static final int PALETTE = 3;
  private static final int GREY_ALPHA = 4;
  private static final int RGB_ALPHA = 6;

  /** Adam7: x and y of the first pixel, then the steps. */
  private static final int[][] PASSES = {
    {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
  };

  private final Bytes file;
  private final int width;
  private final int height;
  private final int depth;
  private final int colourType;
  private final int bitsPerPixel;

  /** RGB of palette entries, transparency applied. */
  private final byte[] palette = new byte[256 * 3];

  /** The sample values that are transparent; empty where there are none. */
  private int[] transparent = {};

  private final Inflater inflater = new Inflater();
  private long nextChunk;
  private byte[] previous;
  private byte[] current;
  private int nextRow;
  private @Nullable Canvas interlaced;

  PngImage(Bytes file) {
    this.file = file;
    this.width = (int) file.u32(16, false);
    this.height = (int) file.u32(20, false);
    this.depth = file.u8(24);
    this.colourType = file.u8(25);
    this.bitsPerPixel = depth * samples(colourType);
    checkHeader();
    readTables();
    int longest = rowBytes(width) + 1;
    this.previous = new byte[longest];
    this.current = new byte[longest];
  }

  private void checkHeader() {
    boolean legal =
        switch (colourType) {
          case GREY -> depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
          case PALETTE -> depth == 1 || depth == 2 || depth == 4 || depth == 8;
          case RGB, GREY_ALPHA, RGB_ALPHA -> depth == 8 || depth == 16;
          default -> false;
        };
    if (!legal || file.u8(26) != 0 || file.u8(27) != 0 || file.u8(28) > 1) {
      throw corrupt("its header");
    }
  }

  private static int samples(int colourType) {
    return switch (colourType) {
      case RGB -> 3;
      case GREY_ALPHA -> 2;
      case RGB_ALPHA -> 4;
      default -> 1;
    };
  }

  /** Palette and transparency; stops at the first image data. */
  private void readTables() {
    boolean hasPalette = false;
    long at = 8;
    while (!file.has(at + 4, "IDAT")) {
      if (at + 12 > file.length() || file.has(at + 4, "IEND")) {
        throw new RefusedException(RefusalReason.TRUNCATED, "the PNG has no image data");
      }
      long length = file.u32(at, false);
      if (file.has(at + 4, "PLTE")) {
        Bytes entries = file.part(at + 8, length);
        hasPalette = true;
        for (int i = 0; i < Math.min(palette.length, entries.length()); i++) {
          palette[i] = (byte) entries.u8(i);
        }
      } else if (file.has(at + 4, "tRNS")) {
        readTransparency(file.part(at + 8, length));
      }
      at += 12 + length;
    }
    nextChunk = at;
    if (colourType == PALETTE && !hasPalette) {
      throw corrupt("no palette");
    }
  }

  private void readTransparency(Bytes chunk) {
    if (colourType == PALETTE) {
      for (int i = 0; i < Math.min(256, chunk.length()); i++) {
        int alpha = chunk.u8(i);
        for (int c = i * 3; c < i * 3 + 3; c++) {
          palette[c] = White.under(palette[c] & 0xff, alpha);
        }
      }
    } else if (colourType == GREY && chunk.length() >= 2) {
      transparent = new int[] {chunk.u16(0, false)};
    } else if (colourType == RGB && chunk.length() >= 6) {
      transparent = new int[] {chunk.u16(0, false), chunk.u16(2, false), chunk.u16(4, false)};
    }
  }

  private static RefusedException corrupt(String what) {
    return new RefusedException(RefusalReason.CORRUPT, "the PNG is damaged: " + what);
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
    if (file.u8(28) == 1) {
      if (interlaced == null) {
        interlaced = deinterlace();
      }
      interlaced.read(y, rgb);
      nextRow = height;
      return;
    }
    for (; nextRow <= y; nextRow++) {
      unpackRow(width);
    }
    convert(width, rgb);
  }

  @Override
  public void finish() {
    if (file.u8(28) == 0) {
      for (; nextRow < height; nextRow++) {
        unpackRow(width);
      }
    }
  }

  private Canvas deinterlace() {
    Canvas canvas = new Canvas(width * 3, height);
    byte[] pixels = new byte[width * 3];
    byte[] merged = new byte[width * 3];
    for (int[] pass : PASSES) {
      int columns = Math.ceilDiv(width - pass[0], pass[2]);
      int rows = Math.ceilDiv(height - pass[1], pass[3]);
      if (columns <= 0) {
        continue;
      }
      Arrays.fill(previous, (byte) 0);
      Arrays.fill(current, (byte) 0);
      for (int row = 0; row < rows; row++) {
        unpackRow(columns);
        convert(columns, pixels);
        int y = pass[1] + row * pass[3];
        canvas.read(y, merged);
        for (int i = 0; i < columns; i++) {
          System.arraycopy(pixels, i * 3, merged, (pass[0] + i * pass[2]) * 3, 3);
        }
        canvas.write(y, 0, merged, merged.length);
      }
    }
    return canvas;
  }

  private int rowBytes(int columns) {
    return (int) (((long) columns * bitsPerPixel + 7) / 8);
  }

  /** Inflates one row with its filter byte into {@code current} and undoes the filter. */
  private void unpackRow(int columns) {
    byte[] swap = previous;
    previous = current;
    current = swap;
    int length = rowBytes(columns) + 1;
    inflate(length);
    int step = Math.max(1, bitsPerPixel / 8);
    switch (current[0]) {
      case 0 -> {}
      case 1 -> {
        for (int i = 1 + step; i < length; i++) {
          current[i] += current[i - step];
        }
      }
      case 2 -> {
        for (int i = 1; i < length; i++) {
          current[i] += previous[i];
        }
      }
      case 3 -> average(length, step);
      case 4 -> paeth(length, step);
      default -> throw corrupt("an unknown filter");
    }
  }

  private void average(int length, int step) {
    for (int i = 1; i < length; i++) {
      int left = i > step ? current[i - step] & 0xff : 0;
      current[i] += (byte) (left + (previous[i] & 0xff) >> 1);
    }
  }

  private void paeth(int length, int step) {
    byte[] row = current;
    byte[] above = previous;
    for (int i = 1; i < Math.min(length, 1 + step); i++) {
      row[i] += above[i];
    }
    for (int i = 1 + step; i < length; i++) {
      int a = row[i - step] & 0xff;
      int b = above[i] & 0xff;
      int c = above[i - step] & 0xff;
      int pa = Math.abs(b - c);
      int pb = Math.abs(a - c);
      int pc = Math.abs(a + b - 2 * c);
      row[i] += (byte) (pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
    }
  }

  private void inflate(int length) {
    int filled = 0;
    try {
      while (filled < length) {
        int got = inflater.inflate(current, filled, length - filled);
        filled += got;
        if (got == 0) {
          if (inflater.finished()) {
            throw new RefusedException(RefusalReason.TRUNCATED, "the PNG ends before its image");
          }
          if (inflater.needsDictionary()) {
            throw corrupt("its compression");
          }
          nextInput();
        }
      }
    } catch (DataFormatException e) {
      throw corrupt("its compression");
    }
  }

  private void nextInput() {
    if (nextChunk + 8 > file.length() || !file.has(nextChunk + 4, "IDAT")) {
      throw new RefusedException(RefusalReason.TRUNCATED, "the PNG ends before its image");
    }
    long length = file.u32(nextChunk, false);
    long there = Math.min(length, file.length() - nextChunk - 8);
    if (there > 0) {
      inflater.setInput(file.part(nextChunk + 8, there).buffer());
    }
    nextChunk += 12 + length;
  }

  /** Turns {@code current} into RGB. */
  private void convert(int columns, byte[] rgb) {
    switch (colourType) {
      case GREY -> convertGrey(columns, rgb);
      case PALETTE -> {
        for (int x = 0; x < columns; x++) {
          System.arraycopy(palette, sample(x) * 3, rgb, x * 3, 3);
        }
      }
      case RGB -> convertRgb(columns, rgb);
      default -> convertAlpha(columns, rgb);
    }
  }

  /** Sample {@code i} of a row with one sample of up to 8 bits per pixel. */
  private int sample(int i) {
    if (depth == 8) {
      return current[1 + i] & 0xff;
    }
    int bit = i * depth;
    return (current[1 + (bit >> 3)] & 0xff) >> (8 - depth - (bit & 7)) & ((1 << depth) - 1);
  }

  private void convertGrey(int columns, byte[] rgb) {
    int scale = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
    for (int x = 0; x < columns; x++) {
      int value = depth == 16 ? wide(1 + 2 * x) : sample(x);
      int grey = depth == 16 ? value >> 8 : value * scale;
      if (transparent.length == 1 && value == transparent[0]) {
        grey = 255;
      }
      rgb[x * 3] = (byte) grey;
      rgb[x * 3 + 1] = (byte) grey;
      rgb[x * 3 + 2] = (byte) grey;
    }
  }

  private void convertRgb(int columns, byte[] rgb) {
    int bytes = depth / 8;
    if (bytes == 1) {
      System.arraycopy(current, 1, rgb, 0, columns * 3);
    } else {
      for (int i = 0; i < columns * 3; i++) {
        rgb[i] = current[1 + 2 * i];
      }
    }
    if (transparent.length == 3) {
      for (int x = 0; x < columns; x++) {
        boolean match = true;
        for (int c = 0; c < 3; c++) {
          int at = 1 + (x * 3 + c) * bytes;
          match &= (bytes == 1 ? current[at] & 0xff : wide(at)) == transparent[c];
        }
        if (match) {
          Arrays.fill(rgb, x * 3, x * 3 + 3, (byte) 255);
        }
      }
    }
  }

  private void convertAlpha(int columns, byte[] rgb) {
    int bytes = depth / 8;
    int colours = colourType == RGB_ALPHA ? 3 : 1;
    int next = colours == 3 ? bytes : 0;
    int from = 1;
    for (int to = 0; to < columns * 3; to += 3) {
      int alpha = current[from + colours * bytes] & 0xff;
      rgb[to] = White.under(current[from] & 0xff, alpha);
      rgb[to + 1] = White.under(current[from + next] & 0xff, alpha);
      rgb[to + 2] = White.under(current[from + 2 * next] & 0xff, alpha);
      from += (colours + 1) * bytes;
    }
  }

  private int wide(int at) {
    return (current[at] & 0xff) << 8 | (current[at + 1] & 0xff);
  }

  @Override
  public void close() {
    inflater.end();
    if (interlaced != null) {
      interlaced.close();
    }
  }
}
