package dev.lookalike.cli.home;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the supervisor tells other commands, in {@link Home#runFile}.
 *
 * @param pid of the supervisor
 * @param phase {@code starting}, {@code ready}, {@code stopping}
 * @param children by name, in starting order
 */
public record RunState(long pid, String phase, Ports ports, Map<String, ChildState> children) {

  /**
   * @param pid 0 while there is no process
   * @param state {@code starting}, {@code ready}, {@code waiting} (to be restarted), {@code failed}
   *     (given up), {@code stopped}
   * @param restarts since the supervisor started
   */
  public record ChildState(long pid, String state, int restarts) {}

  public RunState {
    children = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(children));
  }

  /** Empty if nothing was ever started here, or if it was stopped cleanly. */
  public static Optional<RunState> read(Home home) {
    String text;
    try {
      text = Files.readString(home.runFile());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    JsonNode node = Json.parse(text);
    Map<Ports.Listener, Integer> ports = new EnumMap<>(Ports.Listener.class);
    for (Ports.Listener listener : Ports.Listener.values()) {
      ports.put(listener, node.path("ports").path(listener.text()).asInt());
    }
    Map<String, ChildState> children = new LinkedHashMap<>();
    node.path("children")
        .properties()
        .forEach(
            e ->
                children.put(
                    e.getKey(),
                    new ChildState(
                        e.getValue().path("pid").asLong(),
                        e.getValue().path("state").asText(),
                        e.getValue().path("restarts").asInt())));
    return Optional.of(
        new RunState(
            node.path("pid").asLong(), node.path("phase").asText(), new Ports(ports), children));
  }

  /** Replaces the file atomically. */
  public void write(Home home) {
    ObjectNode node = Json.object().put("pid", pid).put("phase", phase);
    ObjectNode portsNode = node.putObject("ports");
    for (Ports.Listener listener : Ports.Listener.values()) {
      portsNode.put(listener.text(), ports.of(listener));
    }
    ObjectNode childrenNode = node.putObject("children");
    children.forEach(
        (name, child) ->
            childrenNode
                .putObject(name)
                .put("pid", child.pid())
                .put("state", child.state())
                .put("restarts", child.restarts()));
    replace(home.runFile(), Json.line(node) + "\n");
  }

  static void replace(Path file, String text) {
    try {
      Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
      Files.writeString(temporary, text);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
