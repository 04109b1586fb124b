package dev.lookalike.service.rest;

import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects an unknown number of bytes outside the heap, so that the heap holds an image only once.
 * Reading a form with an image of 32 MiB needs a heap of 64 MiB; with a ByteArrayOutputStream it
 * needs 112 MiB (SerialGC). For use by one thread.
 */
final class Spool extends OutputStream {
  private static final int CHUNK = 256 << 10;

  private final Arena arena = Arena.ofConfined();
  private final List<MemorySegment> chunks = new ArrayList<>();
  private int size;

  @Override
  public void write(int value) {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] source, int offset, int length) {
    int done = 0;
    while (done < length) {
      int inChunk = size % CHUNK;
      if (inChunk == 0) {
        chunks.add(arena.allocate(CHUNK));
      }
      int now = Math.min(length - done, CHUNK - inChunk);
      MemorySegment.copy(
          source, offset + done, chunks.getLast(), ValueLayout.JAVA_BYTE, inChunk, now);
      done += now;
      size += now;
    }
  }

  int size() {
    return size;
  }

  /** A copy of all bytes. */
  byte[] toByteArray() {
    byte[] copy = new byte[size];
    for (int at = 0; at < size; at += CHUNK) {
      MemorySegment.copy(
          chunks.get(at / CHUNK), ValueLayout.JAVA_BYTE, 0, copy, at, Math.min(CHUNK, size - at));
    }
    return copy;
  }

  @Override
  public void close() {
    arena.close();
  }
}
