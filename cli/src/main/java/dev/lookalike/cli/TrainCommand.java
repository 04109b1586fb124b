package dev.lookalike.cli;

import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code lookalike train}, for the help only: the start script runs the module {@code training}
 * instead, whose natives stay out of this process, and builds it on first use.
 */
@Command(
    name = "train",
    description = {
      "Trains a small network on labelled images and writes a model folder: digits (rendered from"
          + " fonts), idx (files in the format of MNIST) or folder (one sub-folder for each"
          + " class).",
      "",
      "The training module is built on first use. Its options: lookalike train --help"
    })
public final class TrainCommand implements Callable<Integer> {

  @Parameters(paramLabel = "ARGUMENTS", arity = "0..*", description = "digits, idx or folder.")
  private List<String> arguments = List.of();

  @Override
  public Integer call() {
    throw new CommandFailure(
        ExitCode.USAGE,
        "NO_TRAINING",
        "training must be started by the script lookalike at the root of the sources: "
            + String.join(" ", arguments));
  }
}
