package dev.lookalike.cli.machine;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.client.Addresses;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.Rest;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which collections have a model that is not served, one sentence each. */
final class UnservedCollections {

  private UnservedCollections() {}

  static List<String> of(Rest rest, Addresses addresses) {
    Answer collections = rest.send("GET", URI.create(addresses.ingest() + "/v1/collections"));
    Answer models = rest.send("GET", URI.create(addresses.embed() + "/v1/models"));
    if (!(collections instanceof Answer.Ok(JsonNode known))
        || !(models instanceof Answer.Ok(JsonNode served))) {
      return List.of("cannot tell which collections are served: " + collections + ", " + models);
    }
    Set<String> digests = new HashSet<>();
    served.path("models").forEach(m -> digests.add(m.path("model").path("digest").asText()));
    Map<String, String> reasons = new HashMap<>();
    served
        .path("unserved")
        .forEach(
            each -> reasons.put(each.path("collection").asText(), each.path("reason").asText()));
    List<String> lines = new ArrayList<>();
    for (JsonNode collection : known.path("collections")) {
      JsonNode build = collection.path("build");
      String name = collection.path("name").asText();
      String model = build.path("model").asText();
      String digest = build.path("model_digest").asText();
      if (build.isObject() && !digests.contains(digest)) {
        lines.add(
            ("collection %s is pinned to model %s (digest %.12s), which is not served now: its images stay, "
                    + "but new ones wait and it cannot be searched by image. Serve it with: "
                    + "lookalike up --model FOLDER_OF_%s")
                .formatted(name, model, digest, model));
      } else if (!build.isObject() && reasons.containsKey(name)) {
        lines.add("collection %s has no model yet: %s".formatted(name, reasons.get(name)));
      }
    }
    return lines;
  }
}
