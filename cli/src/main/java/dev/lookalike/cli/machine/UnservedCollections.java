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

/** Reports the collections whose model is not served, in one sentence each. */
final class UnservedCollections {
  /** A model without a folder, which can no longer be served. */
  private static final String FORMERLY_BUILT_IN = "descriptor";

  private UnservedCollections() {}

  static List<String> of(Rest rest, Addresses addresses) {
    Answer collections = rest.send("GET", URI.create(addresses.ingest() + "/v1/collections"));
    Answer models = rest.send("GET", URI.create(addresses.embed() + "/v1/models"));
    if (!(collections instanceof Answer.Ok(JsonNode known))
        || !(models instanceof Answer.Ok(JsonNode served))) {
      return List.of(
          "cannot find out which collections are served: " + collections + ", " + models);
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
        lines.add(pinned(name, model, digest));
      } else if (!build.isObject() && reasons.containsKey(name)) {
        lines.add("collection %s has no model yet: %s".formatted(name, reasons.get(name)));
      }
    }
    return lines;
  }

  /** The problem of a collection whose model is not served, and its solution. */
  static String pinned(String name, String model, String digest) {
    return model.equals(FORMERLY_BUILT_IN)
        ? ("collection %1$s is pinned to model %2$s (digest %3$.12s), which was built into earlier"
                + " versions but not into this one: its images stay and can be listed and exported,"
                + " but new ones wait and it cannot be searched by image. Import them again into a"
                + " new collection; to give that the old name: lookalike collection rename %1$s"
                + " %1$s-%2$s")
            .formatted(name, model, digest)
        : ("collection %s is pinned to model %s (digest %.12s), which is not being served: its"
                + " images stay, but new ones wait and it cannot be searched by image. Serve it"
                + " with: lookalike up --model FOLDER_OF_%s")
            .formatted(name, model, digest, model);
  }
}
