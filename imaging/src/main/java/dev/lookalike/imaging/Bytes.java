package dev.lookalike.imaging;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bounds-checked reading of a file; a read past the end is a refusal as truncated. */
final class Bytes {
  private final byte[] bytes;
  private final int start;
  private final int end;

  Bytes(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  private Bytes(byte[] bytes, int start, int end) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  int length() {
    return end - start;
  }

  /** A part, sharing the bytes. */
  Bytes part(long offset, long length) {
    check(offset, length);
    return new Bytes(bytes, (int) (start + offset), (int) (start + offset + length));
  }

  byte[] copy() {
    return Arrays.copyOfRange(bytes, start, end);
  }

  /** Copies bytes from the offset on until {@code to} is full. */
  void copy(long offset, byte[] to) {
    check(offset, to.length);
    System.arraycopy(bytes, (int) (start + offset), to, 0, to.length);
  }

  /** A view, without a copy. */
  ByteBuffer buffer() {
    return ByteBuffer.wrap(bytes, start, end - start).slice().asReadOnlyBuffer();
  }

  int u8(long offset) {
    check(offset, 1);
    return bytes[(int) (start + offset)] & 0xff;
  }

  int u16(long offset, boolean littleEndian) {
    int first = u8(offset);
    int second = u8(offset + 1);
    return littleEndian ? second << 8 | first : first << 8 | second;
  }

  long u32(long offset, boolean littleEndian) {
    long first = u16(offset, littleEndian);
    long second = u16(offset + 2, littleEndian);
    return littleEndian ? second << 16 | first : first << 16 | second;
  }

  /** Whether the ASCII text stands at the offset. */
  boolean has(long offset, String ascii) {
    if (offset + ascii.length() > length()) {
      return false;
    }
    for (int i = 0; i < ascii.length(); i++) {
      if ((bytes[(int) (start + offset + i)] & 0xff) != ascii.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  String ascii(long offset, int length) {
    check(offset, length);
    return new String(bytes, (int) (start + offset), length, StandardCharsets.ISO_8859_1);
  }

  private void check(long offset, long length) {
    if (offset < 0 || length < 0 || offset + length > length()) {
      throw new RefusedException(RefusalReason.TRUNCATED, "the file ends within its header");
    }
  }
}
