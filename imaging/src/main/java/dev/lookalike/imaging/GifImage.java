package dev.lookalike.imaging;

import java.util.Arrays;

/**
 * Decoder of GIF 87a and 89a: the first frame on its screen. What is transparent, or outside of the
 * frame, is white.
 */
final class GifImage implements DecodedImage {
  private static final int MOST_CODES = 4096;

  private final int width;
  private final int height;
  private final Frame frame;

  /** The frame's colour numbers. */
  private final Canvas indices;

  private final byte[] row;
  private final byte[] colours = new byte[256 * 3];

  /**
   * Where the first image is and what applies to it.
   *
   * @param at offset of its image descriptor
   * @param transparent colour number, or -1
   * @param globalPalette offset, or -1
   * @param globalColours entries of the global palette
   */
  record Frame(
      long at,
      int left,
      int top,
      int width,
      int height,
      int flags,
      int transparent,
      long globalPalette,
      int globalColours) {

    /** Finds the first image; extensions before it are skipped. */
    static Frame find(Bytes file) {
      int screen = file.u8(10);
      int colours = (screen & 0x80) != 0 ? 2 << (screen & 7) : 0;
      long at = 13 + 3L * colours;
      int transparent = -1;
      while (true) {
        int block = file.u8(at);
        if (block == ',') {
          Frame frame =
              new Frame(
                  at,
                  file.u16(at + 1, true),
                  file.u16(at + 3, true),
                  file.u16(at + 5, true),
                  file.u16(at + 7, true),
                  file.u8(at + 9),
                  transparent,
                  colours > 0 ? 13 : -1,
                  colours);
          if (frame.width < 1 || frame.height < 1) {
            throw new RefusedException(RefusalReason.CORRUPT, "the GIF's frame is empty");
          }
          return frame;
        }
        if (block == ';') {
          throw new RefusedException(RefusalReason.CORRUPT, "the GIF holds no image");
        }
        if (block != '!') {
          // As Pillow and browsers do, look for the next block.
          at++;
          continue;
        }
        boolean control = file.u8(at + 1) == 0xf9 && file.u8(at + 2) >= 4;
        if (control) {
          transparent = (file.u8(at + 3) & 1) != 0 ? file.u8(at + 6) : -1;
        }
        at += 2;
        while (file.u8(at) != 0) {
          at += 1 + file.u8(at);
        }
        at++;
      }
    }
  }

  GifImage(Bytes file, int width, int height) {
    this.width = width;
    this.height = height;
    this.frame = Frame.find(file);
    long data = readColours(file);
    this.row = new byte[frame.width()];
    this.indices = new Canvas(frame.width(), frame.height());
    try {
      decode(file, data);
    } catch (RuntimeException e) {
      indices.close();
      throw e;
    }
  }

  /** Fills in the palette; gives the offset of the image data. */
  private long readColours(Bytes file) {
    boolean local = (frame.flags() & 0x80) != 0;
    long at = frame.at() + 10;
    int count = local ? 2 << (frame.flags() & 7) : frame.globalColours();
    long palette = local ? at : frame.globalPalette();
    if (palette < 0) {
      // Without any palette: greys, as Pillow does.
      for (int i = 0; i < colours.length; i++) {
        colours[i] = (byte) (i / 3);
      }
    }
    for (int i = 0; palette >= 0 && i < count * 3; i++) {
      colours[i] = (byte) file.u8(palette + i);
    }
    if (frame.transparent() >= 0) {
      Arrays.fill(colours, frame.transparent() * 3, frame.transparent() * 3 + 3, (byte) 255);
    }
    return local ? at + 3L * count : at;
  }

  /** LZW with codes of 3 to 12 bits, in blocks of up to 255 bytes. */
  private void decode(Bytes file, long start) {
    int minimum = file.u8(start);
    if (minimum < 1 || minimum > 11) {
      throw corrupt();
    }
    int clear = 1 << minimum;
    int end = clear + 1;
    short[] prefix = new short[MOST_CODES];
    byte[] suffix = new byte[MOST_CODES];
    byte[] stack = new byte[MOST_CODES + 1];
    for (int i = 0; i < clear; i++) {
      suffix[i] = (byte) i;
    }
    int bits = minimum + 1;
    int known = clear + 2;
    int last = -1;
    int first = 0;
    long at = start + 1;
    int left = 0;
    int pool = 0;
    int pooled = 0;
    RowWriter writer = new RowWriter();
    while (!writer.full()) {
      while (pooled < bits) {
        if (left == 0) {
          left = file.u8(at++);
          if (left == 0) {
            throw new RefusedException(RefusalReason.TRUNCATED, "the GIF ends before its image");
          }
        }
        pool |= file.u8(at++) << pooled;
        left--;
        pooled += 8;
      }
      int code = pool & ((1 << bits) - 1);
      pool >>>= bits;
      pooled -= bits;
      if (code == clear) {
        bits = minimum + 1;
        known = clear + 2;
        last = -1;
        continue;
      }
      if (code == end) {
        throw new RefusedException(RefusalReason.TRUNCATED, "the GIF ends before its image");
      }
      if (last < 0) {
        if (code > clear) {
          throw corrupt();
        }
        first = code;
        last = code;
        writer.write((byte) code);
        continue;
      }
      if (code > known) {
        throw corrupt();
      }
      int depth = 0;
      int walk = code;
      if (code == known) {
        stack[depth++] = (byte) first;
        walk = last;
      }
      while (walk >= clear) {
        stack[depth++] = suffix[walk];
        walk = prefix[walk];
      }
      first = walk;
      stack[depth++] = (byte) first;
      while (depth > 0 && !writer.full()) {
        writer.write(stack[--depth]);
      }
      if (known < MOST_CODES) {
        prefix[known] = (short) last;
        suffix[known] = (byte) first;
        known++;
        if (known == 1 << bits && bits < 12) {
          bits++;
        }
      }
      last = code;
    }
  }

  private static RefusedException corrupt() {
    return new RefusedException(RefusalReason.CORRUPT, "the GIF is damaged: its compression");
  }

  /** Puts colour numbers where they belong, interlaced or not. */
  private final class RowWriter {
    private final boolean interlaced = (frame.flags() & 0x40) != 0;
    private int x;
    private int y;
    private int written;
    private int step = interlaced ? 8 : 1;

    boolean full() {
      return written == frame.height();
    }

    void write(byte index) {
      row[x++] = index;
      if (x < frame.width()) {
        return;
      }
      indices.write(y, 0, row, row.length);
      x = 0;
      written++;
      y += step;
      while (interlaced && y >= frame.height() && !full()) {
        // Passes begin at rows 0, 4, 2 and 1, with steps of 8, 8, 4 and 2.
        if (step == 8 && y % 8 == 0) {
          y = 4;
        } else {
          step /= 2;
          y = step / 2;
        }
      }
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
    Arrays.fill(rgb, 0, width * 3, (byte) 255);
    int inFrame = y - frame.top();
    if (inFrame < 0 || inFrame >= frame.height()) {
      return;
    }
    indices.read(inFrame, row);
    int to = frame.left() * 3;
    for (byte index : row) {
      System.arraycopy(colours, (index & 0xff) * 3, rgb, to, 3);
      to += 3;
    }
  }

  @Override
  public void finish() {
    // The whole frame was decoded at the start.
  }

  @Override
  public void close() {
    indices.close();
  }
}
