package dev.lookalike.cli;

import dev.lookalike.cli.backup.BackupCommand;
import dev.lookalike.cli.backup.RestoreCommand;
import dev.lookalike.cli.evaluate.EvaluateCommand;
import dev.lookalike.cli.images.CollectionCommand;
import dev.lookalike.cli.images.DeleteCommand;
import dev.lookalike.cli.images.ExportCommand;
import dev.lookalike.cli.images.GetCommand;
import dev.lookalike.cli.images.ListCommand;
import dev.lookalike.cli.images.PatchCommand;
import dev.lookalike.cli.images.PutCommand;
import dev.lookalike.cli.images.RejectedCommand;
import dev.lookalike.cli.imports.ImportCommand;
import dev.lookalike.cli.index.IndexCommand;
import dev.lookalike.cli.keys.KeyCommand;
import dev.lookalike.cli.machine.DownCommand;
import dev.lookalike.cli.machine.LogsCommand;
import dev.lookalike.cli.machine.PrepareCommand;
import dev.lookalike.cli.machine.StatusCommand;
import dev.lookalike.cli.machine.UpCommand;
import dev.lookalike.cli.models.ModelCommand;
import dev.lookalike.cli.search.SearchCommand;
import dev.lookalike.cli.search.SimilarCommand;
import dev.lookalike.cli.teach.TeachCommand;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Terminal;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The command {@code lookalike}: one-machine start, import, search, operations. */
@Command(
    name = "lookalike",
    versionProvider = VersionCommand.class,
    description = {
      "Visual search: upload images, then find the ones that look like a photo.",
      "",
      "Everything runs on this machine and listens on 127.0.0.1 only."
    },
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    footer = {
      "",
      "A first search:",
      "  lookalike up --detach",
      "  lookalike import ~/Pictures",
      "  lookalike search photo.jpg --html found.html",
      "  lookalike down",
      "",
      "Help on a command: lookalike help import",
      "",
      "Exit codes: 0 done; 1 failed; 2 wrong command line or file; 3 not running or not ready;",
      "4 not found; 5 refused by the service or rejected; 6 done, but some images have no outcome yet;",
      "130 interrupted. An error is one line on standard error: lookalike: CODE: what happened.",
      "State is in $$LOOKALIKE_HOME, else ~/.lookalike. $$NO_COLOR turns colours off."
    },
    subcommands = {
      UpCommand.class,
      DownCommand.class,
      StatusCommand.class,
      ImportCommand.class,
      SearchCommand.class,
      SimilarCommand.class,
      PutCommand.class,
      PatchCommand.class,
      GetCommand.class,
      ListCommand.class,
      ExportCommand.class,
      DeleteCommand.class,
      RejectedCommand.class,
      CollectionCommand.class,
      IndexCommand.class,
      ModelCommand.class,
      KeyCommand.class,
      TeachCommand.class,
      TrainCommand.class,
      EvaluateCommand.class,
      BackupCommand.class,
      RestoreCommand.class,
      LogsCommand.class,
      CompletionCommand.class,
      VersionCommand.class,
      PrepareCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Lookalike {

  private static final int HELP_WIDTH = 100;

  private Lookalike() {}

  /** Runs one command and ends the process with its {@link ExitCode}. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new Lookalike());
    addHelp(line);
    line.getCommandSpec()
        .addOption(
            CommandLine.Model.OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Print the release.")
                .build());
    line.setColorScheme(
        CommandLine.Help.defaultColorScheme(Terminal.SYSTEM.interactive() ? Ansi.ON : Ansi.OFF));
    line.setUsageHelpWidth(HELP_WIDTH);
    line.setParameterExceptionHandler(Lookalike::wrongUsage);
    line.setExecutionExceptionHandler(Lookalike::failed);
    return line;
  }

  /** {@code -h} everywhere, without a field in each command. */
  private static void addHelp(CommandLine line) {
    if (line.getCommandSpec().findOption("--help") == null) {
      line.getCommandSpec()
          .addOption(
              CommandLine.Model.OptionSpec.builder("-h", "--help")
                  .usageHelp(true)
                  .description("Show this help.")
                  .build());
    }
    line.getSubcommands().values().forEach(Lookalike::addHelp);
  }

  private static int wrongUsage(ParameterException e, String[] args) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    Terminal.SYSTEM.note(
        "lookalike: USAGE: "
            + firstLine(String.valueOf(e.getMessage()))
            + " (see: "
            + command
            + " --help)");
    return ExitCode.USAGE.number();
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }

  private static int failed(Exception e, CommandLine line, ParseResult result) {
    if (e instanceof CommandFailure failure) {
      Terminal.SYSTEM.note("lookalike: " + failure.code() + ": " + failure.getMessage());
      return failure.exitCode().number();
    }
    if (System.getenv("LOOKALIKE_DEBUG") != null) {
      e.printStackTrace();
    }
    Terminal.SYSTEM.note(
        "lookalike: INTERNAL: " + e + " (set LOOKALIKE_DEBUG=1 to see a stack trace)");
    return ExitCode.FAILED.number();
  }
}
