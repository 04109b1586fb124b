package dev.lookalike.cli;

import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Terminal;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;

/** {@code lookalike completion}. */
@Command(
    name = "completion",
    description = "Prints a script that completes commands and options in bash and zsh.",
    footer = {
      "",
      "Examples:",
      "  source <(lookalike completion)                        for this shell",
      "  lookalike completion > ~/.local/share/bash-completion/completions/lookalike"
    })
public final class CompletionCommand implements Callable<Integer> {

  @Override
  public Integer call() {
    Terminal.SYSTEM.line(AutoComplete.bash("lookalike", Lookalike.commandLine()));
    return ExitCode.OK.number();
  }
}
