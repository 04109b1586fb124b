package dev.lookalike.cli.home;

import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The directory that holds all state of one machine. Its file {@code format} says by which layout:
 * {@value #FORMAT} here. A newer one is refused; an older one would be brought up to date here.
 */
public record Home(Path directory) {

  /** The layout that this program reads and writes. */
  public static final int FORMAT = 1;

  public Home {
    directory = directory.toAbsolutePath().normalize();
  }

  /** LOOKALIKE_HOME, else {@code ~/.lookalike}. */
  public static Path defaultDirectory() {
    String configured = System.getenv("LOOKALIKE_HOME");
    return configured == null || configured.isBlank()
        ? Path.of(System.getProperty("user.home"), ".lookalike")
        : Path.of(configured);
  }

  /** Makes sure that the directory is a home of this format; an empty or absent one becomes one. */
  public void open() {
    try {
      Files.createDirectories(directory);
      if (!Files.exists(formatFile())) {
        refuseForeignDirectory();
        mark();
      }
      check();
      for (Path part : new Path[] {logs(), caches(), imports(), models()}) {
        Files.createDirectories(part);
      }
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.FAILED, "HOME_UNUSABLE", "cannot use " + directory + " as home: " + reason(e));
    }
  }

  /** Makes the directory a home of this format. */
  public void mark() throws IOException {
    Files.writeString(formatFile(), FORMAT + "\n");
  }

  /** Whether there is a home at all. */
  public boolean exists() {
    return Files.exists(formatFile());
  }

  /** Refuses a home of another format. */
  public void check() {
    String text;
    try {
      text = Files.readString(formatFile()).strip();
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.FAILED, "HOME_UNUSABLE", "cannot read " + formatFile() + ": " + reason(e));
    }
    if (!text.equals(Integer.toString(FORMAT))) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "HOME_FORMAT",
          directory
              + " has format "
              + text
              + ", this release knows format "
              + FORMAT
              + ": use the release that made it, or another --home");
    }
  }

  /** Models may be there before anything else: the training of models writes them. */
  private void refuseForeignDirectory() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      if (files.anyMatch(file -> !file.equals(models()))) {
        throw new CommandFailure(
            ExitCode.USAGE,
            "HOME_FOREIGN",
            directory
                + " holds files but is no home of lookalike: give an empty or a new directory");
      }
    }
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName() + " " + e.getMessage();
  }

  public Path formatFile() {
    return directory.resolve("format");
  }

  /** Held by the supervisor for as long as it runs. */
  public Path lockFile() {
    return directory.resolve("lock");
  }

  /** What runs here now; written by the supervisor. */
  public Path runFile() {
    return directory.resolve("run.json");
  }

  /** What {@code up} was told last. */
  public Path settingsFile() {
    return directory.resolve("settings.json");
  }

  /** The log: the truth. */
  public Path kafka() {
    return directory.resolve("kafka");
  }

  /** Originals, where collections keep them. */
  public Path blobs() {
    return directory.resolve("blobs");
  }

  /** Rebuilt from the log when it is not there. */
  public Path index() {
    return directory.resolve("index");
  }

  /** Access keys; readable by the owner only. */
  public Path access() {
    return directory.resolve("access");
  }

  public Path logs() {
    return directory.resolve("logs");
  }

  /** May be deleted at any time while nothing runs. */
  public Path caches() {
    return directory.resolve("cache");
  }

  /** Journals of imports. */
  public Path imports() {
    return directory.resolve("imports");
  }

  /** Models that were added or pulled, a folder each; embed-service serves what appears here. */
  public Path models() {
    return directory.resolve("models");
  }

  /**
   * Sum of the sizes of all files below a directory in bytes; 0 when it is absent. Sparse files
   * count in full.
   */
  public static long size(Path directory) {
    if (!Files.isDirectory(directory)) {
      return 0;
    }
    long sum = 0;
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        try {
          sum += Files.isRegularFile(file) ? Files.size(file) : 0;
        } catch (NoSuchFileException e) {
          continue; // Files come and go while the system runs.
        }
      }
    } catch (IOException | UncheckedIOException e) {
      return sum;
    }
    return sum;
  }
}
