package dev.lookalike.embed.model.folder;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.lookalike.embed.model.ModelRefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the JSON files of a folder. */
final class FolderJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private FolderJson() {}

  /**
   * An object, or the missing node where there is no file.
   *
   * @throws ModelRefusedException for a file that is no JSON object
   */
  static JsonNode read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return MissingNode.getInstance();
    }
    try {
      JsonNode node = JSON.readTree(Files.readAllBytes(file));
      if (!node.isObject()) {
        throw new ModelRefusedException(
            String.valueOf(file.getFileName()), "a JSON object", "something else");
      }
      return node;
    } catch (JacksonException e) {
      throw new ModelRefusedException(
          String.valueOf(file.getFileName()), "JSON", e.getOriginalMessage(), e);
    }
  }
}
