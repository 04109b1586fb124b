package dev.lookalike.cli.imports;

import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** An import into a temporary collection, without a journal to continue from. */
public final class OneTimeImport {

  private static final int CONCURRENCY = 8;

  /** A file that was not accepted. */
  public record RejectedFile(String name, String code, String detail) {}

  /**
   * The outcome of the files.
   *
   * @param rejectedFiles the first 100 of {@code rejected}
   * @param pending accepted, but without an outcome when the patience ended
   * @param seconds from the first upload until the last outcome
   */
  public record Result(
      int searchable,
      int rejected,
      List<RejectedFile> rejectedFiles,
      int pending,
      double seconds) {}

  private OneTimeImport() {}

  /**
   * Uploads the files and waits for their outcomes. Their names become the attribute {@code file}.
   *
   * @param files with unique names; of identical files only the first is uploaded
   * @param patience gives up after this long without progress
   * @throws dev.lookalike.cli.terminal.CommandFailure if it cannot continue
   */
  public static Result run(
      Target target, CollectionOption collection, List<FolderFile> files, Duration patience)
      throws IOException, InterruptedException {
    Path scratch = Files.createTempDirectory("lookalike-import");
    try (Journal journal = Journal.open(scratch, scratch, collection.name())) {
      Summary summary = new Summary();
      ImportRun run =
          new ImportRun(
              new ImportRun.Plan(
                  target.ingest(collection.path("/images")),
                  target.query("/v1/status"),
                  CONCURRENCY,
                  patience,
                  false,
                  true,
                  true),
              target.rest(),
              journal,
              AttributeTable.none(),
              new Folder(files, 0),
              summary);
      ProgressLine progress = new ProgressLine(Terminal.SYSTEM, summary, false);
      long begin = System.nanoTime();
      try {
        run.run(progress::print);
      } finally {
        progress.clear();
      }
      return new Result(
          summary.searchableCount(),
          summary.rejectedCount(),
          summary.rejectedFiles().stream()
              .map(f -> new RejectedFile(f.name(), f.code(), f.detail()))
              .toList(),
          summary.pending(),
          (System.nanoTime() - begin) / 1e9);
    } finally {
      deleteFlat(scratch);
    }
  }

  private static void deleteFlat(Path directory) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(directory)) {
      files = all.toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
    Files.delete(directory);
  }
}
