package dev.lookalike.embed.model.folder;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.embed.model.ModelRefusedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Names of the classes of a classification head: from {@code lookalike-model.json}, {@code
 * labels.txt} or {@code config.json}, the first that has them.
 */
final class ClassLabels {
  /** Longest label, as the contract has it. */
  private static final int MAX_LABEL_BYTES = 256;

  private ClassLabels() {}

  /**
   * By index; empty where there are none.
   *
   * @param own what {@code lookalike-model.json} holds
   */
  static List<String> read(JsonNode own, Path folder) throws IOException {
    List<String> labels = new ArrayList<>();
    JsonNode idToLabel = FolderJson.read(folder.resolve("config.json")).path("id2label");
    if (own.path("labels").isArray()) {
      own.path("labels").forEach(label -> labels.add(label.asText()));
    } else if (Files.isRegularFile(folder.resolve("labels.txt"))) {
      labels.addAll(Files.readAllLines(folder.resolve("labels.txt")));
    } else if (idToLabel.isObject()) {
      TreeMap<Integer, String> byIndex = new TreeMap<>();
      for (var entry : idToLabel.properties()) {
        try {
          byIndex.put(Integer.parseInt(entry.getKey()), entry.getValue().asText());
        } catch (NumberFormatException e) {
          throw new ModelRefusedException(
              "config.json id2label", "integers as keys", entry.getKey(), e);
        }
      }
      for (var entry : byIndex.entrySet()) {
        if (entry.getKey() != labels.size()) {
          throw new ModelRefusedException(
              "config.json id2label", "key " + labels.size(), String.valueOf(entry.getKey()));
        }
        labels.add(entry.getValue());
      }
    }
    for (String label : labels) {
      int bytes = label.getBytes(StandardCharsets.UTF_8).length;
      if (bytes == 0 || bytes > MAX_LABEL_BYTES) {
        throw new ModelRefusedException("labels", "1 to 256 bytes each", bytes + " bytes");
      }
    }
    return labels;
  }
}
