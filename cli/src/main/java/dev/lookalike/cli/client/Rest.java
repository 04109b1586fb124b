package dev.lookalike.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/** Sends REST requests and reads all answers in the same way. Thread-safe. */
public final class Rest {

  /** Longer than the longest wait of a service (60 s). */
  private static final Duration TIMEOUT = Duration.ofSeconds(90);

  private final Function<URI, Optional<String>> keys;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  /** Sends no key. */
  public Rest() {
    this(address -> Optional.empty());
  }

  /**
   * @param keys the key to send to an address; redirects are not followed, so it goes nowhere else
   */
  public Rest(Function<URI, Optional<String>> keys) {
    this.keys = keys;
  }

  private HttpRequest.Builder request(URI address) {
    return request(address, TIMEOUT);
  }

  private HttpRequest.Builder request(URI address, Duration timeout) {
    HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(timeout);
    keys.apply(address).ifPresent(key -> request.header("Authorization", "Bearer " + key));
    return request;
  }

  /**
   * A path segment or the value of a query parameter, with everything but letters and digits
   * escaped.
   */
  public static String escaped(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  public Answer send(String method, URI address, JsonNode body) {
    return send(method, address, "application/json", BodyPublishers.ofString(Json.line(body)));
  }

  /** Sends once and reads the answer as JSON. Headers are names and values, alternating. */
  public Answer send(
      String method, URI address, String contentType, BodyPublisher body, String... headers) {
    HttpRequest.Builder request =
        request(address)
            .header("Accept", "application/json")
            .header("Content-Type", contentType)
            .method(method, body);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return answer(request.build());
  }

  /** Sends a request without a body. */
  public Answer send(String method, URI address) {
    return send(method, address, TIMEOUT);
  }

  /** Sends a request without a body that may take long. */
  public Answer send(String method, URI address, Duration timeout) {
    return answer(
        request(address, timeout)
            .header("Accept", "application/json")
            .method(method, BodyPublishers.noBody())
            .build());
  }

  /** The body of an answer to GET, as bytes. */
  public byte[] bytes(URI address) {
    try {
      HttpResponse<byte[]> response =
          http.send(request(address).build(), BodyHandlers.ofByteArray());
      if (response.statusCode() / 100 == 2) {
        return response.body();
      }
      throw failure(
          read(
              response.statusCode(),
              new String(response.body(), StandardCharsets.UTF_8),
              Duration.ZERO));
    } catch (IOException e) {
      throw failure(notReachable(address, e));
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private Answer answer(HttpRequest request) {
    try {
      HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
      Duration after =
          response
              .headers()
              .firstValue("Retry-After")
              .filter(v -> v.matches("[0-9]{1,4}"))
              .map(v -> Duration.ofSeconds(Long.parseLong(v)))
              .orElse(Duration.ZERO);
      return read(response.statusCode(), response.body(), after);
    } catch (IOException e) {
      return notReachable(request.uri(), e);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static Answer read(int status, String text, Duration after) {
    JsonNode body;
    try {
      body = text.isBlank() ? MissingNode.getInstance() : Json.parse(text);
    } catch (IllegalArgumentException e) {
      body = MissingNode.getInstance();
    }
    if (status / 100 == 2) {
      return new Answer.Ok(body);
    }
    String code = body.path("code").asText("HTTP_" + status);
    String detail = body.path("detail").asText(body.path("title").asText("HTTP status " + status));
    return switch (status) {
      case 429, 502, 503, 504 -> new Answer.NotNow(code, detail, after);
      default -> new Answer.Refused(status, code, detail);
    };
  }

  private static Answer.NotNow notReachable(URI address, IOException e) {
    String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new Answer.NotNow(
        "NOT_REACHABLE",
        address.getScheme() + "://" + address.getAuthority() + " does not answer: " + reason,
        Duration.ZERO);
  }

  private static CommandFailure interrupted() {
    Thread.currentThread().interrupt();
    return new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
  }

  /** The body of an answer; ends the command unless the answer is Ok. */
  public static JsonNode require(Answer answer) {
    return switch (answer) {
      case Answer.Ok ok -> ok.body();
      case Answer.Refused refused -> throw failure(refused);
      case Answer.NotNow notNow -> throw failure(notNow);
    };
  }

  private static CommandFailure failure(Answer answer) {
    return switch (answer) {
      case Answer.Ok ok -> throw new IllegalArgumentException("not a failure: " + ok);
      case Answer.Refused refused ->
          new CommandFailure(
              refused.status() == 404 ? ExitCode.NOT_FOUND : ExitCode.REFUSED,
              refused.code(),
              refused.detail());
      case Answer.NotNow notNow ->
          new CommandFailure(ExitCode.UNAVAILABLE, notNow.code(), notNow.detail());
    };
  }
}
