package dev.lookalike.system;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A client of the public REST interface that knows no class of the services. */
final class Api {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();
  private final String ingest;
  private final String query;

  Api(int ingestPort, int queryPort) {
    this.ingest = "http://127.0.0.1:" + ingestPort;
    this.query = "http://127.0.0.1:" + queryPort;
  }

  record Answer(int status, JsonNode body, HttpResponse<byte[]> raw) {
    /** The body of a success; fails the test with the problem otherwise. */
    JsonNode ok() {
      if (status / 100 != 2) {
        throw new AssertionError(raw.request().uri() + " answered " + status + " " + body);
      }
      return body;
    }

    String code() {
      return body.path("code").asText();
    }
  }

  /** An upload that was acknowledged. */
  record Accepted(String imageId, String version, String token) {}

  /** With the built-in model, unless {@code fields} say otherwise. */
  Answer createCollection(String name, Map<String, Object> fields) {
    Map<String, Object> body = new HashMap<>(Map.of("model", "lookalike-256"));
    body.putAll(fields);
    body.put("name", name);
    Answer created =
        send("POST", ingest + "/v1/collections", json(body), "application/json", Map.of());
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    // A model is bound to it by another service, a moment later.
    while (get("/v1/collections/" + name + "/count").status() != 200
        && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    return created;
  }

  Answer tryPut(String collection, String imageId, byte[] image, Map<String, Object> attributes) {
    return send(
        "PUT",
        ingest + "/v1/collections/" + collection + "/images/" + encode(imageId),
        image,
        "application/octet-stream",
        attributes.isEmpty()
            ? Map.of()
            : Map.of("Lookalike-Attributes", new String(json(attributes), UTF_8)));
  }

  Accepted put(String collection, String imageId, byte[] image, Map<String, Object> attributes) {
    return accepted(tryPut(collection, imageId, image, attributes));
  }

  Answer tryPost(String collection, byte[] image) {
    return send(
        "POST",
        ingest + "/v1/collections/" + collection + "/images",
        image,
        "application/octet-stream",
        Map.of());
  }

  static Accepted accepted(Answer answer) {
    JsonNode body = answer.ok();
    return new Accepted(
        body.path("image_id").asText(), body.path("version").asText(), body.path("token").asText());
  }

  Answer deleteCollection(String name) {
    return send(
        "DELETE", ingest + "/v1/collections/" + name, new byte[0], "application/json", Map.of());
  }

  Answer renameCollection(String name, String newName) {
    return send(
        "PATCH",
        ingest + "/v1/collections/" + name,
        json(Map.of("name", newName)),
        "application/json",
        Map.of());
  }

  Answer patch(String collection, String imageId, Map<String, Object> body) {
    return send(
        "PATCH",
        ingest + "/v1/collections/" + collection + "/images/" + encode(imageId),
        json(body),
        "application/json",
        Map.of());
  }

  Answer delete(String collection, String imageId) {
    return send(
        "DELETE",
        ingest + "/v1/collections/" + collection + "/images/" + encode(imageId),
        new byte[0],
        "application/json",
        Map.of());
  }

  Answer post(String pathAtIngest, Map<String, Object> body) {
    return send("POST", ingest + pathAtIngest, json(body), "application/json", Map.of());
  }

  Answer postToQuery(String path) {
    return send("POST", query + path, new byte[0], "application/json", Map.of());
  }

  Answer getFromIngest(String path) {
    return send("GET", ingest + path, new byte[0], "application/json", Map.of());
  }

  Answer get(String pathAtQuery) {
    return send("GET", query + pathAtQuery, new byte[0], "application/json", Map.of());
  }

  /** The state of each token, in order, waiting until none is pending. */
  List<JsonNode> await(List<String> tokens, Duration atMost) {
    long deadline = System.nanoTime() + atMost.toNanos();
    List<JsonNode> states = new ArrayList<>();
    for (int from = 0; from < tokens.size(); from += 500) {
      List<String> some = tokens.subList(from, Math.min(tokens.size(), from + 500));
      List<JsonNode> answered;
      do {
        answered = new ArrayList<>();
        Answer answer =
            send(
                "POST",
                query + "/v1/status",
                json(Map.of("tokens", some, "wait", "5s")),
                "application/json",
                Map.of());
        answer.ok().path("statuses").forEach(answered::add);
      } while (answered.stream().anyMatch(s -> s.path("state").asText().equals("pending"))
          && System.nanoTime() < deadline);
      states.addAll(answered);
    }
    return states;
  }

  JsonNode await(String token) {
    return await(List.of(token), Duration.ofSeconds(30)).getFirst();
  }

  /**
   * Searches by the bytes of an image; {@code parameters} as in a URL, already encoded, may be
   * empty.
   */
  Answer trySearch(String collection, byte[] image, String parameters) {
    return send(
        "POST",
        query + "/v1/collections/" + collection + "/search?" + parameters,
        image,
        "application/octet-stream",
        Map.of());
  }

  List<JsonNode> search(String collection, byte[] image, String parameters) {
    List<JsonNode> hits = new ArrayList<>();
    trySearch(collection, image, parameters).ok().path("hits").forEach(hits::add);
    return hits;
  }

  Answer search(String collection, Map<String, Object> body) {
    return send(
        "POST",
        query + "/v1/collections/" + collection + "/search",
        json(body),
        "application/json",
        Map.of());
  }

  /** Every entry of a collection in all states, as the index tells it. */
  List<JsonNode> everything(String collection, boolean vectors) {
    List<JsonNode> entries = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page =
          get("/v1/collections/"
                  + collection
                  + "/images?page_size=500&state=searchable&state=rejected&state=deleted&include_vectors="
                  + vectors
                  + "&cursor="
                  + encode(cursor))
              .ok();
      page.path("images").forEach(entries::add);
      cursor = page.path("next_cursor").asText("");
    } while (!cursor.isEmpty());
    return entries;
  }

  JsonNode count(String collection) {
    return get("/v1/collections/" + collection + "/count").ok();
  }

  static String encode(String text) {
    return URLEncoder.encode(text, UTF_8).replace("+", "%20");
  }

  private Answer send(
      String method, String url, byte[] body, String type, Map<String, String> headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(Duration.ofSeconds(90))
            .header("Content-Type", type)
            .method(method, BodyPublishers.ofByteArray(body));
    headers.forEach(request::header);
    try {
      HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.ofByteArray());
      boolean isJson = response.headers().firstValue("Content-Type").orElse("").contains("json");
      JsonNode parsed =
          isJson && response.body().length > 0
              ? JSON.readTree(response.body())
              : JSON.createObjectNode();
      return new Answer(response.statusCode(), parsed, response);
    } catch (IOException e) {
      throw new UncheckedIOException(method + " " + url, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static byte[] json(Map<String, Object> body) {
    try {
      return JSON.writeValueAsBytes(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
