package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README.md promises of `backup` and `restore`: the same system, on another machine. */
class BackupIT {
  private static final int IMAGES = 12;

  @TempDir Path directory;

  @Test
  void aRestoredHomeAnswersAsTheOneThatWasBackedUp() {
    Path file = directory.resolve("lookalike.zip");
    RunningSystem first = RunningSystem.prepared();
    List<String> tokens = new ArrayList<>();
    Map<String, JsonNode> before;
    JsonNode neighbours;
    try {
      first.up(List.of());
      for (int i = 0; i < IMAGES; i++) {
        Map<String, Object> attributes = Map.of("price", i, "shop", i % 2 == 0 ? "a" : "b");
        tokens.add(first.api.put("default", "i" + i, Pictures.jpeg(i), attributes).token());
      }
      assertThat(first.api.await(tokens, Duration.ofSeconds(30)))
          .extracting(status -> status.path("state").asText())
          .containsOnly("searchable");
      String deletion = first.api.delete("default", "i2").ok().path("token").asText();
      assertThat(first.api.await(deletion).path("state").asText()).isEqualTo("deleted");
      first.api.patch("default", "i1", Map.of("set", Map.of("price", 99))).ok();
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  first
                          .api
                          .get("/v1/collections/default/images/i1")
                          .ok()
                          .at("/attributes/price")
                          .asInt()
                      == 99);
      before = everything(first);
      neighbours = neighbours(first);
      first.lookalike("backup", "--stop", file.toString()).ok();
    } finally {
      first.down();
    }
    assertThat(before).hasSize(IMAGES);

    RunningSystem second = RunningSystem.prepared();
    try {
      second.lookalike("restore", file.toString()).ok();
      second.up(List.of());
      assertThat(everything(second)).isEqualTo(before);
      assertThat(neighbours(second)).isEqualTo(neighbours);
      assertThat(second.api.await(tokens.subList(3, IMAGES), Duration.ofSeconds(10)))
          .as("tokens of before are kept")
          .extracting(status -> status.path("state").asText())
          .containsOnly("searchable");
      Api.Accepted next = second.api.put("default", "next", Pictures.jpeg(50), Map.of());
      assertThat(second.api.await(next.token()).path("state").asText()).isEqualTo("searchable");
      assertThat(second.api.count("default").path("searchable").asInt()).isEqualTo(IMAGES);
    } finally {
      second.down();
    }
  }

  /** By image id, with vector, version and when it was embedded; without what names the ports. */
  private static Map<String, JsonNode> everything(RunningSystem system) {
    Map<String, JsonNode> entries = new TreeMap<>();
    for (JsonNode entry : system.api.everything("default", true)) {
      entries.put(entry.path("image_id").asText(), portable(entry));
    }
    return entries;
  }

  private static JsonNode neighbours(RunningSystem system) {
    ObjectNode answer = system.api.trySearch("default", Pictures.jpeg(7), "k=5").ok().deepCopy();
    List<JsonNode> hits = new ArrayList<>();
    answer.path("hits").forEach(hit -> hits.add(portable(hit)));
    return answer.arrayNode().addAll(hits);
  }

  private static JsonNode portable(JsonNode entry) {
    return ((ObjectNode) entry.deepCopy()).without(List.of("content_url", "thumbnail_url"));
  }
}
