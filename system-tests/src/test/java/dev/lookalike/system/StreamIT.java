package dev.lookalike.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An image's way through the whole stream: put, found, replaced, patched, deleted. */
class StreamIT {
  private static Api api;

  @BeforeAll
  static void start() {
    api = RunningSystem.get().api;
  }

  @Test
  void everyImageFindsItselfFirst() {
    api.createCollection("stream-self", Map.of()).ok();
    List<String> tokens = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      tokens.add(api.put("stream-self", "p" + i, Pictures.jpeg(i), Map.of("n", i)).token());
    }
    assertThat(api.await(tokens, Duration.ofSeconds(60)))
        .extracting(status -> status.path("state").asText())
        .containsOnly("searchable");

    for (int i = 0; i < 40; i++) {
      JsonNode best = api.search("stream-self", Pictures.jpeg(i), "k=3").getFirst();
      assertThat(best.path("image_id").asText()).isEqualTo("p" + i);
      assertThat(best.path("similarity").asDouble()).isGreaterThanOrEqualTo(0.999);
      assertThat(best.path("attributes").path("n").asInt()).isEqualTo(i);
    }
    assertThat(api.count("stream-self").path("searchable").asInt()).isEqualTo(40);
  }

  @Test
  void aSearchWithTheTokenSeesTheUpload() {
    api.createCollection("stream-token", Map.of()).ok();
    for (int i = 0; i < 5; i++) {
      Api.Accepted accepted = api.put("stream-token", "t" + i, Pictures.jpeg(900 + i), Map.of());
      List<JsonNode> hits =
          api.search("stream-token", Pictures.jpeg(900 + i), "k=1&token=" + accepted.token());
      assertThat(hits.getFirst().path("image_id").asText()).isEqualTo("t" + i);
    }
  }

  @Test
  void aRepeatedRequestLandsOnTheSameImage() {
    api.createCollection("stream-repeat", Map.of()).ok();
    byte[] picture = Pictures.jpeg(77);
    Api.Accepted first = Api.accepted(api.tryPost("stream-repeat", picture));
    Api.Accepted second = Api.accepted(api.tryPost("stream-repeat", picture));
    assertThat(second.imageId()).isEqualTo(first.imageId());
    assertThat(api.await(second.token()).path("state").asText()).isEqualTo("searchable");
    assertThat(api.await(first.token()).path("state").asText()).isEqualTo("superseded");
    assertThat(api.count("stream-repeat").path("searchable").asInt()).isEqualTo(1);
  }

  @Test
  void anImagePutAgainReplacesTheOld() {
    api.createCollection("stream-replace", Map.of()).ok();
    Api.Accepted old =
        api.put("stream-replace", "x", Pictures.jpeg(1), Map.of("colour", "red", "price", 3));
    api.await(old.token());
    Api.Accepted present =
        api.put("stream-replace", "x", Pictures.jpeg(2), Map.of("colour", "blue"));
    assertThat(api.await(present.token()).path("state").asText()).isEqualTo("searchable");
    assertThat(api.await(old.token()).path("state").asText()).isEqualTo("superseded");

    List<JsonNode> hits = api.search("stream-replace", Pictures.jpeg(2), "k=10");
    assertThat(hits).hasSize(1);
    assertThat(hits.getFirst().path("similarity").asDouble()).isGreaterThanOrEqualTo(0.999);
    assertThat(hits.getFirst().path("attributes").toString()).isEqualTo("{\"colour\":\"blue\"}");
    assertThat(
            api.search("stream-replace", Pictures.jpeg(1), "k=10")
                .getFirst()
                .path("similarity")
                .asDouble())
        .isLessThan(0.999);
  }

  @Test
  void aDeletedImageIsGoneAndItsTokenSaysSo() {
    api.createCollection("stream-delete", Map.of()).ok();
    Api.Accepted kept = api.put("stream-delete", "kept", Pictures.jpeg(10), Map.of());
    Api.Accepted gone = api.put("stream-delete", "gone", Pictures.jpeg(11), Map.of());
    api.await(List.of(kept.token(), gone.token()), Duration.ofSeconds(30));
    JsonNode deleted = api.delete("stream-delete", "gone").ok();

    assertThat(api.await(deleted.path("token").asText()).path("state").asText())
        .isEqualTo("deleted");
    assertThat(api.await(gone.token()).path("state").asText()).isEqualTo("deleted");
    assertThat(api.search("stream-delete", Pictures.jpeg(11), "k=10"))
        .extracting(hit -> hit.path("image_id").asText())
        .containsExactly("kept");
    assertThat(api.count("stream-delete").path("searchable").asInt()).isEqualTo(1);
    assertThat(api.count("stream-delete").path("deleted").asInt()).isEqualTo(1);
  }

  @Test
  void aHundredPatchesCostNoInference() {
    api.createCollection("stream-patch", Map.of()).ok();
    Api.Accepted accepted =
        api.put("stream-patch", "x", Pictures.jpeg(21), Map.of("price", 1, "name", "lamp"));
    api.await(accepted.token());
    JsonNode before = api.get("/v1/collections/stream-patch/images/x?include_vector=true").ok();

    for (int price = 2; price <= 101; price++) {
      api.patch("stream-patch", "x", Map.of("set", Map.of("price", price))).ok();
    }
    api.patch("stream-patch", "x", Map.of("set", Map.of("sold", true), "remove", List.of("name")))
        .ok();

    JsonNode after = eventually("stream-patch", "x", "sold");
    assertThat(after.path("attributes").path("price").asInt()).isEqualTo(101);
    assertThat(after.path("attributes").has("name")).isFalse();
    assertThat(after.path("version")).isEqualTo(before.path("version"));
    assertThat(after.path("embedded_at")).isEqualTo(before.path("embedded_at"));
    assertThat(after.path("vector")).isEqualTo(before.path("vector"));
    assertThat(api.search("stream-patch", Pictures.jpeg(21), "filter=" + Api.encode("price > 100")))
        .hasSize(1);
    assertThat(api.search("stream-patch", Pictures.jpeg(21), "filter=" + Api.encode("price < 100")))
        .isEmpty();
  }

  private static JsonNode eventually(String collection, String id, String attribute) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    JsonNode entry;
    do {
      entry =
          api.get("/v1/collections/" + collection + "/images/" + id + "?include_vector=true").ok();
    } while (!entry.path("attributes").has(attribute) && System.nanoTime() < deadline);
    return entry;
  }

  @Test
  void patchAndDeleteByFilter() {
    api.createCollection("stream-filter", Map.of()).ok();
    List<String> tokens =
        IntStream.range(0, 20)
            .mapToObj(
                i ->
                    api.put(
                            "stream-filter",
                            "f" + i,
                            Pictures.jpeg(300 + i),
                            Map.of("n", i, "kind", i % 2 == 0 ? "even" : "odd"))
                        .token())
            .toList();
    api.await(tokens, Duration.ofSeconds(60));

    JsonNode patched =
        api.post(
                "/v1/collections/stream-filter/images:patch",
                Map.of("filter", "kind == \"even\" && n >= 10", "set", Map.of("late", true)))
            .ok();
    assertThat(patched.path("matched").asInt()).isEqualTo(5);
    JsonNode deleted =
        api.post("/v1/collections/stream-filter/images:delete", Map.of("filter", "kind == \"odd\""))
            .ok();
    assertThat(deleted.path("matched").asInt()).isEqualTo(10);
    List<String> deletes = new ArrayList<>();
    deleted.path("tokens").forEach(token -> deletes.add(token.asText()));
    assertThat(api.await(deletes, Duration.ofSeconds(30)))
        .extracting(status -> status.path("state").asText())
        .containsOnly("deleted");

    eventually("stream-filter", "f18", "late");
    TreeSet<String> late = new TreeSet<>();
    api.search("stream-filter", Pictures.jpeg(300), "k=100&filter=" + Api.encode("late"))
        .forEach(hit -> late.add(hit.path("image_id").asText()));
    assertThat(late).containsExactly("f10", "f12", "f14", "f16", "f18");
    assertThat(api.count("stream-filter").path("searchable").asInt()).isEqualTo(10);
  }

  @Test
  void positivesNegativesVectorsGroupsAndPages() {
    api.createCollection("stream-query", Map.of()).ok();
    List<String> tokens =
        IntStream.range(0, 24)
            .mapToObj(
                i ->
                    api.put(
                            "stream-query",
                            "q" + i,
                            Pictures.jpeg(500 + i),
                            Map.of("product", "product-" + i / 3))
                        .token())
            .toList();
    api.await(tokens, Duration.ofSeconds(60));

    JsonNode grouped =
        api.search(
                "stream-query",
                Map.of(
                    "positives",
                    List.of(Map.of("image_id", "q0")),
                    "group_by",
                    "product",
                    "group_size",
                    1,
                    "k",
                    8))
            .ok();
    assertThat(grouped.path("hits").findValuesAsText("image_id")).hasSize(8);
    assertThat(grouped.at("/hits/0/image_id").asText()).isEqualTo("q0");
    assertThat(grouped.at("/hits/0/group/size").asInt()).isEqualTo(3);

    JsonNode withoutSelf =
        api.search(
                "stream-query",
                Map.of(
                    "positives", List.of(Map.of("image_id", "q0")), "exclude_self", true, "k", 24))
            .ok();
    assertThat(withoutSelf.path("hits").findValuesAsText("image_id"))
        .hasSize(23)
        .doesNotContain("q0");

    JsonNode entry = api.get("/v1/collections/stream-query/images/q5?include_vector=true").ok();
    List<Double> vector = new ArrayList<>();
    entry.path("vector").forEach(value -> vector.add(value.asDouble()));
    assertThat(Math.sqrt(vector.stream().mapToDouble(v -> v * v).sum())).isCloseTo(1, within(1e-3));
    JsonNode byVector =
        api.search(
                "stream-query",
                Map.of("positives", List.of(Map.of("vector", vector)), "k", 1, "exact", true))
            .ok();
    assertThat(byVector.at("/hits/0/image_id").asText()).isEqualTo("q5");

    JsonNode mixed =
        api.search(
                "stream-query",
                Map.of(
                    "positives", List.of(Map.of("image_id", "q1"), Map.of("image_id", "q2")),
                    "negatives", List.of(Map.of("image_id", "q3")),
                    "k", 24))
            .ok();
    assertThat(mixed.path("hits").findValuesAsText("image_id").getLast()).isEqualTo("q3");

    List<String> paged = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page =
          api.search(
                  "stream-query",
                  Map.of("positives", List.of(Map.of("image_id", "q7")), "k", 7, "cursor", cursor))
              .ok();
      paged.addAll(page.path("hits").findValuesAsText("image_id"));
      cursor = page.path("next_cursor").asText("");
    } while (!cursor.isEmpty());
    assertThat(paged).hasSize(24).doesNotHaveDuplicates();
    assertThat(paged.getFirst()).isEqualTo("q7");
  }

  @Test
  void contentAndThumbnailOfAHitCanBeFetched() {
    api.createCollection("stream-content", Map.of("keep_originals", true)).ok();
    byte[] picture = Pictures.png(4, 900, 700);
    api.await(api.put("stream-content", "c", picture, Map.of()).token());

    String path = "/v1/collections/stream-content/images/c/content?variant=";
    assertThat(api.getFromIngest(path + "original").raw().body()).isEqualTo(picture);
    byte[] canonical = api.getFromIngest(path + "canonical").raw().body();
    byte[] thumbnail = api.getFromIngest(path + "thumbnail").raw().body();
    assertThat(canonical).startsWith(0xFF, 0xD8, 0xFF);
    assertThat(thumbnail).startsWith(0xFF, 0xD8, 0xFF);
    assertThat(thumbnail.length).isLessThan(canonical.length);
    JsonNode hit = api.search("stream-content", picture, "k=1").getFirst();
    assertThat(hit.path("thumbnail_url").asText()).contains("variant=thumbnail", "version=");
  }

  @Test
  void whatIsNoImageIsRefusedWithItsCode() {
    api.createCollection("stream-refuse", Map.of()).ok();
    Api.Answer text = api.tryPut("stream-refuse", "t", "hello".getBytes(UTF_8), Map.of());
    assertThat(text.status()).isEqualTo(415);
    assertThat(text.code()).isEqualTo("UNKNOWN_FORMAT");
    byte[] whole = Pictures.jpeg(5);
    Api.Answer half =
        api.tryPut("stream-refuse", "h", Arrays.copyOf(whole, whole.length / 2), Map.of());
    assertThat(half.status()).isEqualTo(422);
    assertThat(half.code()).isEqualTo("TRUNCATED");
    Api.Answer nowhere = api.tryPut("no-such-collection", "x", whole, Map.of());
    assertThat(nowhere.status()).isEqualTo(404);
    assertThat(nowhere.code()).isEqualTo("COLLECTION_NOT_FOUND");
    Api.Answer badId = api.tryPut("stream-refuse", "../../etc", whole, Map.of());
    assertThat(badId.status()).isEqualTo(400);
    assertThat(badId.code()).isEqualTo("INVALID_IMAGE_ID");
    assertThat(text.raw().headers().firstValue("Content-Type").orElse(""))
        .startsWith("application/problem+json");
    assertThat(api.count("stream-refuse").path("searchable").asInt()).isZero();
  }
}
