package dev.lookalike.cli.machine;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The health that a service reports.
 *
 * @param up whether it answered 200
 * @param reason the failed checks, in the service's words; empty if it is up
 */
record Health(boolean up, String reason) {

  private static final int CONNECT_MILLIS = 1_000;
  private static final int READ_MILLIS = 5_000;

  static Health ready(URI service) {
    return ask(URI.create(service + "/q/health/ready"));
  }

  static Health live(URI service) {
    return ask(URI.create(service + "/q/health/live"));
  }

  private static Health ask(URI address) {
    try {
      HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
      connection.setConnectTimeout(CONNECT_MILLIS);
      connection.setReadTimeout(READ_MILLIS);
      int status = connection.getResponseCode();
      try (InputStream body =
          status / 100 == 2 ? connection.getInputStream() : connection.getErrorStream()) {
        String text = body == null ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8);
        return status == 200 ? new Health(true, "") : new Health(false, reasons(status, text));
      }
    } catch (IOException e) {
      return new Health(false, "does not answer");
    }
  }

  /** {@code name: value, value} of each check that is down. */
  private static String reasons(int status, String text) {
    JsonNode body;
    try {
      body = Json.parse(text);
    } catch (IllegalArgumentException e) {
      return "HTTP status " + status;
    }
    List<String> reasons = new ArrayList<>();
    for (JsonNode check : body.path("checks")) {
      if (!check.path("status").asText().equals("UP")) {
        List<String> data = new ArrayList<>();
        check.path("data").properties().forEach(e -> data.add(e.getValue().asText()));
        reasons.add(
            check.path("name").asText() + (data.isEmpty() ? "" : ": " + String.join(", ", data)));
      }
    }
    return reasons.isEmpty() ? "HTTP status " + status : String.join("; ", reasons);
  }
}
