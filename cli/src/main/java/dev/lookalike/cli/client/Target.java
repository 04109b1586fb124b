package dev.lookalike.cli.client;

import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.HomeLock;
import dev.lookalike.cli.home.RunState;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Options of every command that talks to the services: which system, which collection, how to
 * print.
 */
public final class Target {

  @Option(
      names = "--home",
      paramLabel = "DIR",
      description = "State of the system; default: $$LOOKALIKE_HOME, else ~/.lookalike.")
  private @Nullable Path home;

  @Option(
      names = "--ingest-url",
      paramLabel = "URL",
      description = "Address of ingest-service, instead of the one that runs in the home.")
  private @Nullable URI ingestUrl;

  @Option(names = "--query-url", paramLabel = "URL", description = "Address of query-service.")
  private @Nullable URI queryUrl;

  @Option(names = "--embed-url", paramLabel = "URL", description = "Address of embed-service.")
  private @Nullable URI embedUrl;

  @Option(names = "--json", description = "Print one line of JSON, for scripts.")
  private boolean json;

  private final Rest rest = new Rest();

  public Rest rest() {
    return rest;
  }

  public boolean json() {
    return json;
  }

  public Home home() {
    return new Home(home == null ? Home.defaultDirectory() : home);
  }

  /** An address of ingest-service; the path starts with a slash. */
  public URI ingest(String path) {
    return URI.create((ingestUrl == null ? running().ingest() : ingestUrl) + path);
  }

  /** An address of query-service. */
  public URI query(String path) {
    return URI.create((queryUrl == null ? running().query() : queryUrl) + path);
  }

  /** An address of embed-service. */
  public URI embed(String path) {
    return URI.create((embedUrl == null ? running().embed() : embedUrl) + path);
  }

  private Addresses running() {
    Home where = home();
    if (where.exists()) {
      where.check();
    }
    Optional<RunState> state = where.exists() ? RunState.read(where) : Optional.empty();
    if (state.isEmpty() || !HomeLock.isTaken(where)) {
      throw new CommandFailure(
          ExitCode.UNAVAILABLE,
          "NOT_RUNNING",
          "nothing runs in " + where.directory() + "; start it with: lookalike up");
    }
    return Addresses.of(state.get().ports());
  }
}
