package dev.lookalike.ingest.uploads;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Bytes of unknown number, outside the heap, so that the heap holds each image only once. Used by
 * one thread.
 */
final class Spool implements AutoCloseable {
  private static final int CHUNK_BITS = 18;
  private static final int CHUNK = 1 << CHUNK_BITS;

  private final Arena arena = Arena.ofConfined();
  private final List<MemorySegment> chunks = new ArrayList<>();
  private long size;

  void append(byte[] source, int length) {
    int done = 0;
    while (done < length) {
      int inChunk = (int) (size & (CHUNK - 1));
      if (inChunk == 0) {
        chunks.add(arena.allocate(CHUNK));
      }
      int now = Math.min(length - done, CHUNK - inChunk);
      MemorySegment.copy(source, done, chunks.getLast(), ValueLayout.JAVA_BYTE, inChunk, now);
      done += now;
      size += now;
    }
  }

  long size() {
    return size;
  }

  byte at(long index) {
    return chunks.get((int) (index >> CHUNK_BITS)).get(ValueLayout.JAVA_BYTE, index & (CHUNK - 1));
  }

  boolean startsWith(long index, byte[] wanted) {
    if (index + wanted.length > size) {
      return false;
    }
    for (int i = 0; i < wanted.length; i++) {
      if (at(index + i) != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  /** First place of {@code wanted} at {@code from} or later; -1 when there is none. */
  long indexOf(byte[] wanted, long from) {
    long last = size - wanted.length;
    byte first = wanted[0];
    for (long i = from; i <= last; i++) {
      if (at(i) == first && startsWith(i, wanted)) {
        return i;
      }
    }
    return -1;
  }

  /** A copy of the bytes from {@code from} to before {@code to}. */
  byte[] bytes(long from, long to) {
    byte[] copy = new byte[Math.toIntExact(to - from)];
    int done = 0;
    while (done < copy.length) {
      long index = from + done;
      int inChunk = (int) (index & (CHUNK - 1));
      int now = Math.min(copy.length - done, CHUNK - inChunk);
      MemorySegment.copy(
          chunks.get((int) (index >> CHUNK_BITS)), ValueLayout.JAVA_BYTE, inChunk, copy, done, now);
      done += now;
    }
    return copy;
  }

  @Override
  public void close() {
    arena.close();
  }
}
