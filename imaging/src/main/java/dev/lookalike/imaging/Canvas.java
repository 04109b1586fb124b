package dev.lookalike.imaging;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Bytes in native memory, for images that cannot be read row by row. One thread. */
final class Canvas implements AutoCloseable {
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment bytes;
  private final int stride;

  /** A canvas of zeros. */
  Canvas(int stride, int rows) {
    this.stride = stride;
    this.bytes = arena.allocate((long) stride * rows);
  }

  /** Writes {@code length} bytes of row {@code y} from column {@code x} on. */
  void write(int y, int x, byte[] from, int length) {
    MemorySegment.copy(from, 0, bytes, ValueLayout.JAVA_BYTE, (long) y * stride + x, length);
  }

  /** Writes {@code length} bytes from a position on, counted through all rows. */
  void write(long position, byte[] from, int length) {
    MemorySegment.copy(from, 0, bytes, ValueLayout.JAVA_BYTE, position, length);
  }

  /** Reads row {@code y} to the start of {@code to}. */
  void read(int y, byte[] to) {
    MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, (long) y * stride, to, 0, stride);
  }

  @Override
  public void close() {
    arena.close();
  }
}
