package dev.lookalike.cli.machine;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.List;

/**
 * The log of one child: {@code name.log}, and the older {@code name.log.1} to {@code name.log.3}.
 * Thread-safe.
 */
final class RotatingLog implements AutoCloseable {

  private static final int KEPT = 3;
  private static final int TAIL_LINES = 15;

  private final Path file;
  private final long maxBytes;
  private final ArrayDeque<String> tail = new ArrayDeque<>();
  private OutputStream out;
  private long size;

  /**
   * @param maxBytes of a file before the next one is started
   */
  RotatingLog(Path file, long maxBytes) {
    this.file = file;
    this.maxBytes = maxBytes;
    this.out = open(file);
    this.size = file.toFile().length();
  }

  private static OutputStream open(Path file) {
    try {
      return Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Appends a line. A full disk loses lines, never the child. */
  synchronized void line(String line) {
    tail.addLast(line);
    if (tail.size() > TAIL_LINES) {
      tail.removeFirst();
    }
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      if (size > 0 && size + bytes.length > maxBytes) {
        rotate();
      }
      out.write(bytes);
      size += bytes.length;
    } catch (IOException e) {
      size = file.toFile().length();
    }
  }

  private void rotate() throws IOException {
    out.close();
    for (int i = KEPT; i >= 1; i--) {
      Path from = i == 1 ? file : older(i - 1);
      if (Files.exists(from)) {
        Files.move(from, older(i), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    out = open(file);
    size = 0;
  }

  private Path older(int i) {
    return file.resolveSibling(file.getFileName() + "." + i);
  }

  /** The last lines, oldest first. */
  synchronized List<String> tail() {
    return List.copyOf(tail);
  }

  @Override
  public synchronized void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
