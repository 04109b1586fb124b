package dev.lookalike.cli.backup;

import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lookalike restore}. */
@Command(
    name = "restore",
    description = {
      "Creates a home from a backup.",
      "",
      "The home must be empty or absent. Every file is checked; the next `up` rebuilds the index from the log."
    },
    footer = {"", "Example:", "  lookalike restore --home /data/restored lookalike.zip"})
public final class RestoreCommand implements Callable<Integer> {

  @Mixin private Target target = new Target();

  @Parameters(paramLabel = "FILE", description = "An archive written by `lookalike backup`.")
  private Path file = Path.of("");

  @Override
  public Integer call() throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new CommandFailure(ExitCode.USAGE, "FILE_UNREADABLE", "no such file: " + file);
    }
    Home home = target.home();
    if (Files.exists(home.directory()) && !isEmpty(home.directory())) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "HOME_NOT_EMPTY",
          home.directory() + " is not empty; restore into a new one with --home DIR");
    }
    Path parent = home.directory().getParent();
    if (parent == null) {
      throw new CommandFailure(
          ExitCode.USAGE, "HOME_UNUSABLE", "not usable as a home: " + home.directory());
    }
    Files.createDirectories(parent);
    // Unpacked next to the target and then renamed: an interrupted restore leaves no incomplete
    // home.
    Home unpacked = new Home(Files.createTempDirectory(parent, ".restore"));
    Archive.Contents contents;
    try {
      contents = Archive.read(file, unpacked);
      unpacked.mark();
      Files.deleteIfExists(home.directory());
      Files.move(unpacked.directory(), home.directory(), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(unpacked.directory());
    }
    if (target.json()) {
      Terminal.SYSTEM.json(
          Json.object().put("home", home.directory().toString()).put("files", contents.files()));
    } else {
      Terminal.SYSTEM.line(
          "%d files in %s; start it with: lookalike up --home %s"
              .formatted(contents.files(), home.directory(), home.directory()));
    }
    return ExitCode.OK.number();
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.findAny().isEmpty();
    }
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> walk = Files.walk(directory)) {
      files = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
  }
}
