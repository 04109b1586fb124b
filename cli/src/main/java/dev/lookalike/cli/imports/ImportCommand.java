package dev.lookalike.cli.imports;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike import}. */
@Command(
    name = "import",
    description = {
      "Uploads all images below a folder, and waits until each is searchable or rejected.",
      "",
      "Every file that is not hidden is tried, whatever its name; files that are not images count"
          + " as rejected. The path in the folder is stored as attribute `file`. Identical files"
          + " are one image. After an interruption run the command again: it does not repeat"
          + " finished uploads."
    },
    footer = {
      "",
      "An attribute table is joined by file name: CSV with a header such as",
      "  file,price:number,added:time,colours:list,in_stock:boolean,label",
      "or JSON lines with a field `file`.",
      "",
      "Examples:",
      "  lookalike import ~/Pictures",
      "  lookalike import clothing/train --label-from-folder --collection clothing",
      "  lookalike import shop/photos --attributes shop/products.csv --json"
    })
public final class ImportCommand implements Callable<Integer> {

  private static final int NAMED = 10;

  @Mixin private Target target = new Target();
  @Mixin private CollectionOption collection = new CollectionOption();

  @Option(
      names = "--attributes",
      paramLabel = "FILE",
      description = "A CSV or JSONL table of attributes.")
  private @Nullable Path attributes;

  @Option(
      names = "--label-from-folder",
      description = "Use the name of each file's folder as a label.")
  private boolean labelFromFolder;

  @Option(names = "--no-wait", description = "Return when all images are accepted.")
  private boolean noWait;

  @Option(
      names = "--again",
      description = "Upload everything, even files that an earlier import has uploaded.")
  private boolean again;

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      description = "Concurrent uploads, 1 to 64; default: 8.")
  private int concurrency = 8;

  @Option(
      names = "--patience",
      paramLabel = "SECONDS",
      description = "Give up after this long without progress; default: 120.")
  private int patience = 120;

  @Parameters(paramLabel = "FOLDER", description = "The folder.")
  private Path folder = Path.of("");

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!Files.isDirectory(folder)) {
      throw new CommandFailure(ExitCode.USAGE, "NO_FOLDER", "no such folder: " + folder);
    }
    if (concurrency < 1 || concurrency > 64) {
      throw new CommandFailure(ExitCode.USAGE, "USAGE", "--concurrency must be 1 to 64");
    }
    AttributeTable table = table();
    String collectionId = collectionId();
    Path root = folder.toAbsolutePath().normalize();
    Folder files =
        Folder.walk(root, attributes == null ? Set.of() : Set.of(attributes.toRealPath()));
    long unmatched = table.unmatched(files.files());
    if (unmatched > 0) {
      Terminal.SYSTEM.note(
          "%d of %d rows of %s match no file in the folder"
              .formatted(unmatched, table.size(), attributes));
    }
    Summary summary = new Summary();
    long begin = System.nanoTime();
    try (Journal journal = Journal.open(target.home().imports(), root, collectionId)) {
      ImportRun run =
          new ImportRun(
              new ImportRun.Plan(
                  target.ingest(collection.path("/images")),
                  target.query("/v1/status"),
                  concurrency,
                  Duration.ofSeconds(patience),
                  labelFromFolder,
                  again,
                  !noWait),
              target.rest(),
              journal,
              table,
              files,
              summary);
      Thread interrupted = new Thread(() -> sayInterrupted(summary), "interrupted");
      Runtime.getRuntime().addShutdownHook(interrupted);
      ProgressLine progress = new ProgressLine(Terminal.SYSTEM, summary, noWait);
      try {
        run.run(progress::print);
      } finally {
        progress.clear();
        Runtime.getRuntime().removeShutdownHook(interrupted);
      }
    } catch (CommandFailure e) {
      report(summary, seconds(begin));
      throw e;
    }
    report(summary, seconds(begin));
    return (!noWait && summary.pending() > 0 ? ExitCode.PENDING : ExitCode.OK).number();
  }

  private static double seconds(long begin) {
    return Duration.ofNanos(System.nanoTime() - begin).toMillis() / 1000.0;
  }

  private AttributeTable table() throws IOException {
    if (attributes == null) {
      return AttributeTable.none();
    }
    if (!Files.isRegularFile(attributes)) {
      throw new CommandFailure(ExitCode.USAGE, "FILE_UNREADABLE", "no such file: " + attributes);
    }
    try {
      return AttributeTable.read(attributes);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCode.USAGE, "INVALID_ATTRIBUTE", String.valueOf(e.getMessage()));
    }
  }

  private String collectionId() {
    JsonNode info = Rest.require(target.rest().send("GET", target.ingest(collection.path(""))));
    return info.path("id").asText();
  }

  private static void sayInterrupted(Summary summary) {
    Terminal.SYSTEM.note(
        "\ninterrupted after %d uploads; run the same command again to continue"
            .formatted(summary.uploadedCount()));
  }

  private void report(Summary summary, double seconds) {
    if (target.json()) {
      Terminal.SYSTEM.json(summary.json(seconds));
      return;
    }
    List<Summary.RejectedFile> rejected = summary.rejectedFiles();
    for (Summary.RejectedFile file : rejected.subList(0, Math.min(NAMED, rejected.size()))) {
      Terminal.SYSTEM.note(
          "rejected: %s: %s %s".formatted(file.name(), file.code(), file.detail()));
    }
    if (rejected.size() > NAMED) {
      Terminal.SYSTEM.note("... and more; --json lists the first 100");
    }
    Terminal.SYSTEM.line(summary.text(seconds));
    if (summary.deletedCount() > 0) {
      Terminal.SYSTEM.note("use --again to upload images that were deleted since");
    }
  }
}
