package dev.lookalike.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * All three services in one, as far as the commands see them (docs/contracts.md): accepts every
 * upload that begins with "image" and reports it as searchable, or as rejected if it begins with
 * "image-bad".
 */
public final class FakeServices implements AutoCloseable {

  /** One upload that was accepted. */
  public record Accepted(String path, String query, String attributes, String body) {}

  private final HttpServer server;
  public final List<Accepted> accepted = new CopyOnWriteArrayList<>();

  /** Uploads arrive in parallel: each needs a token of its own. */
  private final AtomicInteger uploads = new AtomicInteger();

  public final List<String> requests = new CopyOnWriteArrayList<>();

  /** The Authorization headers of the requests; the empty string for none. */
  public final List<String> authorizations = new CopyOnWriteArrayList<>();

  /** Number of next requests answered with 503, except about collections. */
  public final AtomicInteger outage = new AtomicInteger();

  /** Number of next uploads answered with 429. */
  public final AtomicInteger full = new AtomicInteger();

  public FakeServices() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", this::handle);
    server.start();
  }

  public URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void handle(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String path = exchange.getRequestURI().getPath();
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    authorizations.add(authorization == null ? "" : authorization);
    requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
    boolean about = path.equals("/v1/collections/default");
    if (!about && outage.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      problem(exchange, 503, "BROKER_UNAVAILABLE", "the broker is away");
    } else if (path.startsWith("/v1/collections/absent")) {
      problem(exchange, 404, "COLLECTION_NOT_FOUND", "no collection absent");
    } else if (path.equals("/v1/status")) {
      status(exchange, Json.parse(new String(body, StandardCharsets.UTF_8)));
    } else if (path.endsWith("/search")) {
      search(exchange);
    } else if (path.endsWith("/thumb.jpg")) {
      answer(exchange, 200, "JPEG");
    } else if (path.endsWith("/images") && exchange.getRequestMethod().equals("GET")) {
      page(exchange);
    } else if (path.contains("/images") && !exchange.getRequestMethod().equals("GET")) {
      upload(exchange, body);
    } else {
      answer(
          exchange,
          200,
          "{\"id\":\"c1\",\"name\":\"default\",\"searchable\":7,"
              + "\"counts\":{\"searchable\":7,\"rejected\":3,\"deleted\":1,\"pending\":2}}");
    }
  }

  private void upload(HttpExchange exchange, byte[] body) throws IOException {
    if (full.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      exchange.getResponseHeaders().add("Retry-After", "1");
      problem(exchange, 429, "FULL", "full");
      return;
    }
    String text = new String(body, StandardCharsets.UTF_8);
    if (!text.contains("image")) {
      problem(exchange, 415, "UNKNOWN_FORMAT", "no image format is known by these bytes");
      return;
    }
    String attributes = exchange.getRequestHeaders().getFirst("Lookalike-Attributes");
    accepted.add(
        new Accepted(
            exchange.getRequestURI().getPath(),
            String.valueOf(exchange.getRequestURI().getQuery()),
            attributes == null ? "" : attributes,
            text));
    int number = uploads.incrementAndGet();
    ObjectNode node =
        Json.object()
            .put("collection", "default")
            .put("image_id", "i" + number)
            .put("version", "1.0." + number)
            .put("token", (text.startsWith("image-bad") ? "bad" : "good") + number);
    answer(exchange, 202, Json.line(node));
  }

  private void status(HttpExchange exchange, JsonNode request) throws IOException {
    ObjectNode answer = Json.object();
    ArrayNode statuses = answer.putArray("statuses");
    for (JsonNode token : request.path("tokens")) {
      boolean bad = token.asText().startsWith("bad");
      ObjectNode status =
          statuses
              .addObject()
              .put("token", token.asText())
              .put("state", bad ? "rejected" : "searchable");
      if (bad) {
        status.put("reason", "EMBEDDING_ZERO").put("detail", "nothing to see");
      }
    }
    answer(exchange, 200, Json.line(answer));
  }

  private void search(HttpExchange exchange) throws IOException {
    answer(
        exchange,
        200,
        """
        {"hits":[{"image_id":"i1","similarity":0.98765,
          "labels":[{"name":"<b>shirt</b>","confidence":0.5,"source":"model"}],
          "attributes":{"file":"a/b.jpg","price":9.5},
          "thumbnail_url":"%s/thumb.jpg"}],
         "model":{"id":"tiny"},"build_id":"b","tokens":[]}"""
            .formatted(address()));
  }

  /** Two pages of one image each. */
  private void page(HttpExchange exchange) throws IOException {
    boolean second = exchange.getRequestURI().getQuery().contains("cursor=next");
    answer(
        exchange,
        200,
        second
            ? "{\"images\":[{\"image_id\":\"i2\"}],\"next_cursor\":\"\"}"
            : "{\"images\":[{\"image_id\":\"i1\"}],\"next_cursor\":\"next\"}");
  }

  private static void problem(HttpExchange exchange, int status, String code, String detail)
      throws IOException {
    answer(
        exchange,
        status,
        Json.line(Json.object().put("status", status).put("code", code).put("detail", detail)));
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
