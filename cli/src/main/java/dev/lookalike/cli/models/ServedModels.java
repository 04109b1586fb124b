package dev.lookalike.cli.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.Rest;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The models of embed-service.
 *
 * @param answer of {@code GET /v1/models}
 */
record ServedModels(JsonNode answer) {

  /** Asks the service; empty if it does not answer. */
  static Optional<ServedModels> ask(Rest rest, URI models) {
    return rest.send("GET", models) instanceof Answer.Ok(JsonNode answer)
        ? Optional.of(new ServedModels(answer))
        : Optional.empty();
  }

  /** The served model with this id; a missing node if there is none. */
  JsonNode served(String id) {
    for (JsonNode each : answer.path("models")) {
      if (each.path("model").path("id").asText().equals(id)) {
        return each;
      }
    }
    return MissingNode.getInstance();
  }

  /** Whether the model with this id is served from this folder. */
  boolean isServedFrom(Path folder, String id) {
    JsonNode from = served(id).path("folder");
    return from.isTextual() && Path.of(from.asText()).normalize().startsWith(folder);
  }

  /** Why a folder is refused; empty if the service does not mention it. */
  Optional<String> refusal(Path folder) {
    for (JsonNode each : answer.path("refused")) {
      if (Path.of(each.path("folder").asText()).normalize().startsWith(folder)) {
        return Optional.of(each.path("reason").asText());
      }
    }
    return Optional.empty();
  }
}
