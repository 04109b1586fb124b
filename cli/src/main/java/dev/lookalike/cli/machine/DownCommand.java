package dev.lookalike.cli.machine;

import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.HomeLock;
import dev.lookalike.cli.home.RunState;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lookalike down}. */
@Command(
    name = "down",
    description = {
      "Stops the system of a home: the services drain, then the broker ends.",
      "",
      "Returns when everything has stopped. It is not an error if nothing is running."
    })
public final class DownCommand implements Callable<Integer> {

  private static final Duration PATIENCE = Duration.ofSeconds(120);

  @Mixin private Target target = new Target();

  @Override
  public Integer call() {
    boolean stopped = stop(target.home());
    if (target.json()) {
      Terminal.SYSTEM.json(Json.object().put("stopped", stopped));
    } else {
      Terminal.SYSTEM.line(
          stopped ? "stopped" : "nothing is running in " + target.home().directory());
    }
    return ExitCode.OK.number();
  }

  /**
   * Stops the supervisor of a home and waits until it has released its lock.
   *
   * @return false if there was none
   */
  public static boolean stop(Home home) {
    if (!HomeLock.isTaken(home)) {
      return false;
    }
    Optional<ProcessHandle> supervisor =
        RunState.read(home).flatMap(state -> ProcessHandle.of(state.pid()));
    if (supervisor.isEmpty() || !supervisor.get().destroy()) {
      throw new CommandFailure(
          ExitCode.FAILED, "IN_USE", home.directory() + " is in use by another command");
    }
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (HomeLock.isTaken(home)) {
      if (System.nanoTime() > until) {
        throw new CommandFailure(
            ExitCode.FAILED,
            "NOT_STOPPED",
            "process "
                + supervisor.get().pid()
                + " did not stop within "
                + PATIENCE.toSeconds()
                + " s");
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
      }
    }
    return true;
  }
}
