package dev.lookalike.cli.home;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The last settings given to {@code up}, which {@code up} without options uses again.
 *
 * @param models absolute folders, or {@code builtin}; the first is the default of new collections;
 *     empty: the built-in model
 * @param milvus address of the Milvus that holds the index; empty: the index is in the home
 */
public record Settings(List<Path> models, Ports ports, Optional<String> milvus) {

  public Settings {
    models = List.copyOf(models);
  }

  /** The stored settings, or else the defaults. */
  public static Settings read(Home home) {
    String text;
    try {
      text = Files.readString(home.settingsFile());
    } catch (NoSuchFileException e) {
      return new Settings(List.of(), Ports.of(Ports.DEFAULT_BASE, Map.of()), Optional.empty());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    JsonNode node = Json.parse(text);
    List<Path> models = new ArrayList<>();
    node.path("models").forEach(m -> models.add(path(home, m.asText())));
    Map<Ports.Listener, Integer> ports = new EnumMap<>(Ports.Listener.class);
    for (Ports.Listener listener : Ports.Listener.values()) {
      if (node.path("ports").has(listener.text())) {
        ports.put(listener, node.path("ports").path(listener.text()).asInt());
      }
    }
    return new Settings(
        models,
        Ports.of(Ports.DEFAULT_BASE, ports),
        Optional.of(node.path("milvus").asText()).filter(uri -> !uri.isEmpty()));
  }

  /**
   * Folders in the home are stored relative to it; a single word is the name of a model, not a
   * folder.
   */
  private static Path path(Home home, String text) {
    return text.contains("/") ? home.directory().resolve(text) : Path.of(text);
  }

  /** Replaces the stored settings. */
  public void write(Home home) {
    ObjectNode node = Json.object();
    ArrayNode modelsNode = node.putArray("models");
    models.forEach(
        m ->
            modelsNode.add(
                m.startsWith(home.directory())
                    ? home.directory().relativize(m).toString()
                    : m.toString()));
    ObjectNode portsNode = node.putObject("ports");
    for (Ports.Listener listener : Ports.Listener.values()) {
      portsNode.put(listener.text(), ports.of(listener));
    }
    milvus.ifPresent(uri -> node.put("milvus", uri));
    RunState.replace(home.settingsFile(), Json.line(node) + "\n");
  }
}
