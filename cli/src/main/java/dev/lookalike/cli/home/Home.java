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
 * The directory that holds all state of one machine. Its file {@code format} holds the version of
 * the layout, {@value #FORMAT} here. A newer version is refused; an older one would be upgraded
 * here.
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

  /**
   * Makes sure that the directory is a home of this format; turns an empty or absent one into a
   * home.
   */
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

  /** Marks the directory as a home of this format. */
  public void mark() throws IOException {
    Files.writeString(formatFile(), FORMAT + "\n");
  }

  /** Whether the home exists. */
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
              + ", but this release needs format "
              + FORMAT
              + ": use the release that created it, or another --home");
    }
  }

  /** Models may exist before anything else: training writes them. */
  private void refuseForeignDirectory() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      if (files.anyMatch(file -> !file.equals(models()))) {
        throw new CommandFailure(
            ExitCode.USAGE,
            "HOME_FOREIGN",
            directory
                + " holds files but is not a home of lookalike: give an empty or new directory");
      }
    }
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName() + " " + e.getMessage();
  }

  public Path formatFile() {
    return directory.resolve("format");
  }

  /** Held by the supervisor while it runs. */
  public Path lockFile() {
    return directory.resolve("lock");
  }

  /** The running processes; written by the supervisor. */
  public Path runFile() {
    return directory.resolve("run.json");
  }

  /** The last settings given to {@code up}. */
  public Path settingsFile() {
    return directory.resolve("settings.json");
  }

  /** The log, from which everything else can be rebuilt. */
  public Path kafka() {
    return directory.resolve("kafka");
  }

  /** Originals, for collections that keep them. */
  public Path blobs() {
    return directory.resolve("blobs");
  }

  /** Rebuilt from the log if missing. */
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

  /**
   * Models that were added or pulled, one folder each; embed-service serves folders that appear
   * here.
   */
  public Path models() {
    return directory.resolve("models");
  }

  /**
   * Sum of the sizes of all files below a directory in bytes; 0 if it is absent. Sparse files count
   * with their full size.
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
