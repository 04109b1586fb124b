package dev.lookalike.cli.client;

import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.HomeLock;
import dev.lookalike.cli.home.RunState;
import dev.lookalike.cli.keys.HomeKeys;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
      description = "Directory of the state; default: $$LOOKALIKE_HOME, else ~/.lookalike.")
  private @Nullable Path home;

  @Option(
      names = "--ingest-url",
      paramLabel = "URL",
      description = "Address of ingest-service; default: the one running in the home.")
  private @Nullable URI ingestUrl;

  @Option(names = "--query-url", paramLabel = "URL", description = "Address of query-service.")
  private @Nullable URI queryUrl;

  @Option(names = "--embed-url", paramLabel = "URL", description = "Address of embed-service.")
  private @Nullable URI embedUrl;

  @Option(names = "--json", description = "Print one line of JSON, for scripts.")
  private boolean json;

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      description =
          "File with the access key to send; default: $$LOOKALIKE_API_KEY, else the home owner's"
              + " key.")
  private @Nullable Path keyFile;

  private final Rest rest = new Rest(this::keyFor);
  private @Nullable Shown shown;

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

  /** A key, and the addresses (host and port) to which it may be sent. */
  private record Shown(Optional<String> key, Set<String> where) {}

  private Optional<String> keyFor(URI address) {
    return shown().where().contains(String.valueOf(address.getAuthority()))
        ? shown().key()
        : Optional.empty();
  }

  private synchronized Shown shown() {
    Shown known = shown;
    if (known == null) {
      known = find();
      shown = known;
    }
    return known;
  }

  /**
   * The home's own key goes only to services that run in the home, never to another given address.
   */
  private Shown find() {
    Home where = home();
    Optional<RunState> state = HomeLock.isTaken(where) ? RunState.read(where) : Optional.empty();
    Set<String> here =
        state
            .map(running -> Addresses.of(running.ports()))
            .map(services -> authorities(services.ingest(), services.query(), services.embed()))
            .orElse(Set.of());
    Optional<String> given =
        keyFile == null ? fromEnvironment() : Optional.of(HomeKeys.given(keyFile));
    if (given.isEmpty()) {
      return new Shown(new HomeKeys(where).commandKey(), here);
    }
    Set<String> told = new HashSet<>(authorities(ingestUrl, queryUrl, embedUrl));
    told.addAll(here);
    return new Shown(given, Set.copyOf(told));
  }

  private static Optional<String> fromEnvironment() {
    String key = System.getenv("LOOKALIKE_API_KEY");
    return key == null || key.isBlank()
        ? Optional.empty()
        : Optional.of(HomeKeys.requireKey("LOOKALIKE_API_KEY", key));
  }

  private static Set<String> authorities(@Nullable URI... addresses) {
    return Stream.of(addresses)
        .filter(address -> address != null)
        .map(address -> String.valueOf(address.getAuthority()))
        .collect(Collectors.toSet());
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
          "nothing is running in " + where.directory() + "; start it with: lookalike up");
    }
    return Addresses.of(state.get().ports());
  }
}
