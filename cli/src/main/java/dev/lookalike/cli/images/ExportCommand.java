package dev.lookalike.cli.images;

import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lookalike export}. */
@Command(
    name = "export",
    description = {
      "Writes all images of a collection as JSON lines, one per image: attributes, labels, model,"
          + " version.",
      "",
      "Reads page by page; the file appears complete or not at all."
    },
    footer = {
      "",
      "Examples:",
      "  lookalike export -o shop.jsonl",
      "  lookalike export --vectors --filter 'attributes.brand == \"acme\"' | gzip > acme.jsonl.gz"
    })
public final class ExportCommand implements Callable<Integer> {

  private static final int PAGE = 500;

  @Mixin private Target target = new Target();
  @Mixin private CollectionOption collection = new CollectionOption();

  @Option(names = "--filter", paramLabel = "CEL", description = "Only matching images.")
  private String filter = "";

  @Option(names = "--state", description = "searchable (default), rejected or deleted.")
  private List<String> states = List.of();

  @Option(names = "--vectors", description = "Include the embeddings.")
  private boolean vectors;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Default: standard output.")
  private @Nullable Path output;

  @Override
  public Integer call() throws IOException {
    long count;
    if (output == null) {
      count = write(Terminal.SYSTEM.out());
    } else {
      Path file = output.toAbsolutePath();
      Path parent = file.getParent();
      if (parent == null || !Files.isDirectory(parent)) {
        throw new CommandFailure(
            ExitCode.USAGE, "FILE_UNWRITABLE", "there is no directory for " + file);
      }
      Path temporary = Files.createTempFile(parent, file.getFileName().toString(), ".part");
      try {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(temporary));
            PrintStream lines = new PrintStream(out, false, StandardCharsets.UTF_8)) {
          count = write(lines);
          if (lines.checkError()) {
            throw new CommandFailure(ExitCode.FAILED, "FILE_UNWRITABLE", "cannot write " + file);
          }
        }
        Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
    }
    Terminal.SYSTEM.note(count + " images");
    return ExitCode.OK.number();
  }

  private long write(PrintStream lines) {
    long[] count = {0};
    ImagePages.read(
        target,
        collection,
        filter,
        states,
        PAGE,
        vectors,
        image -> {
          lines.print(Json.line(image) + "\n");
          count[0]++;
          return !lines.checkError(); // A closed pipe ends the export.
        });
    lines.flush();
    return count[0];
  }
}
