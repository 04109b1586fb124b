package dev.lookalike.cli.backup;

import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.HomeLock;
import dev.lookalike.cli.machine.DownCommand;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike backup}. */
@Command(
    name = "backup",
    description = {
      "Writes the whole state to one file: the log, stored originals, models, settings.",
      "",
      "The system must be stopped; --stop does that first. The file does not contain the index: it"
          + " is rebuilt from the log."
    },
    footer = {
      "",
      "Example:",
      "  lookalike backup --stop /mnt/backup/lookalike.zip && lookalike up --detach"
    })
public final class BackupCommand implements Callable<Integer> {

  @Mixin private Target target = new Target();

  @Option(
      names = "--stop",
      description = "Stop the system first if it is running. It stays stopped.")
  private boolean stop;

  @Parameters(paramLabel = "FILE", description = "The archive to write; replaced if it exists.")
  private Path file = Path.of("");

  @Override
  public Integer call() throws IOException {
    Home home = target.home();
    if (!home.exists()) {
      throw new CommandFailure(
          ExitCode.NOT_FOUND, "NO_HOME", "there is no state in " + home.directory());
    }
    home.check();
    if (stop && DownCommand.stop(home)) {
      Terminal.SYSTEM.note("stopped the system; start it again with: lookalike up");
    }
    Optional<HomeLock> lock = HomeLock.tryTake(home);
    if (lock.isEmpty()) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "ALREADY_RUNNING",
          "the system is running in %s; stop it for a backup: lookalike down, or give --stop"
              .formatted(home.directory()));
    }
    Archive.Contents contents;
    try (HomeLock held = lock.get()) {
      contents = Archive.write(home, file);
    }
    if (target.json()) {
      Terminal.SYSTEM.json(
          Json.object()
              .put("file", file.toString())
              .put("files", contents.files())
              .put("bytes", contents.bytes()));
    } else {
      Terminal.SYSTEM.line(
          "%d files, %.1f MiB, in %s"
              .formatted(contents.files(), (double) contents.bytes() / (1 << 20), file));
    }
    return ExitCode.OK.number();
  }
}
