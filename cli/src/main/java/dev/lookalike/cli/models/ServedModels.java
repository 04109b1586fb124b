package dev.lookalike.cli.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.Rest;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What embed-service says of its models.
 *
 * @param answer of {@code GET /v1/models}
 */
record ServedModels(JsonNode answer) {

  /** Empty while the service does not answer. */
  static Optional<ServedModels> ask(Rest rest, URI models) {
    return rest.send("GET", models) instanceof Answer.Ok(JsonNode answer)
        ? Optional.of(new ServedModels(answer))
        : Optional.empty();
  }

  /** The served model of an id; missing when there is none. */
  JsonNode served(String id) {
    for (JsonNode each : answer.path("models")) {
      if (each.path("model").path("id").asText().equals(id)) {
        return each;
      }
    }
    return MissingNode.getInstance();
  }

  /** Whether the model of an id is served, and from this folder. */
  boolean isServedFrom(Path folder, String id) {
    JsonNode from = served(id).path("folder");
    return from.isTextual() && Path.of(from.asText()).normalize().startsWith(folder);
  }

  /** Why a folder is not served; empty when nothing is said of it. */
  Optional<String> refusal(Path folder) {
    for (JsonNode each : answer.path("refused")) {
      if (Path.of(each.path("folder").asText()).normalize().startsWith(folder)) {
        return Optional.of(each.path("reason").asText());
      }
    }
    return Optional.empty();
  }
}
