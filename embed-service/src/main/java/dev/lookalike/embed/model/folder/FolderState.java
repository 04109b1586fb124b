package dev.lookalike.embed.model.folder;

import dev.lookalike.embed.model.graph.GraphChoice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Sizes and times of the files of a folder, to tell whether anything changed in it.
 *
 * @param files by their paths; empty where there is no folder, or none that can be read
 * @param newest time of the last change, milliseconds since 1970
 */
public record FolderState(SortedMap<String, String> files, long newest) {
  /** A folder that is being filled is left alone until nothing was written to it for so long. */
  private static final long SETTLED_MILLIS = 1000;

  /** Files that are looked at, at most: no model has more, and nobody's home is walked through. */
  private static final int MAX_FILES = 1000;

  private static final int DEPTH = 3;

  public static FolderState of(Path given) {
    Path folder = GraphChoice.of(given).folder();
    SortedMap<String, String> files = new TreeMap<>();
    long newest = 0;
    try (Stream<Path> found = Files.walk(folder, DEPTH)) {
      for (Path file : (Iterable<Path>) found.limit(MAX_FILES)::iterator) {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (attributes.isRegularFile()) {
          long time = attributes.lastModifiedTime().toMillis();
          newest = Math.max(newest, time);
          files.put(file.toString(), attributes.size() + " " + time + " " + attributes.fileKey());
        }
      }
    } catch (IOException | UncheckedIOException e) {
      return new FolderState(new TreeMap<>(), 0);
    }
    return new FolderState(files, newest);
  }

  /** Whether there are files. */
  public boolean isThere() {
    return !files.isEmpty();
  }

  public boolean isSettled() {
    long age = System.currentTimeMillis() - newest;
    // A time to come is no sign of a writer.
    return age >= SETTLED_MILLIS || age < 0;
  }
}
