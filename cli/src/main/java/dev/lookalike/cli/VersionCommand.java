package dev.lookalike.cli;

import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;

/** {@code lookalike version}. */
@Command(name = "version", description = "Prints the release, its state format and the JDK.")
public final class VersionCommand implements Callable<Integer>, IVersionProvider {

  @Option(names = "--json", description = "Print one line of JSON, for scripts.")
  private boolean json;

  private static String release() {
    String version = VersionCommand.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  @Override
  public String[] getVersion() {
    return new String[] {
      "lookalike %s, state format %d, JDK %s".formatted(release(), Home.FORMAT, Runtime.version())
    };
  }

  @Override
  public Integer call() {
    if (json) {
      Terminal.SYSTEM.json(
          Json.object()
              .put("version", release())
              .put("state_format", Home.FORMAT)
              .put("jdk", Runtime.version().toString()));
    } else {
      Terminal.SYSTEM.line(getVersion()[0]);
    }
    return ExitCode.OK.number();
  }
}
