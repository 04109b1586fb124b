package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.ExitCode;
import java.net.URI;
import java.time.Duration;

/** The outcome of an upload or delete. */
record Outcome(String state, String reason, String detail) {

  /** Longest wait that query-service accepts in one request. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

  /**
   * Waits at most {@code patience} for the outcome; the state is {@code pending} if there is none
   * by then.
   */
  static Outcome await(Target target, String token, Duration patience) {
    long until = System.nanoTime() + patience.toNanos();
    while (true) {
      long left = Math.max(0, until - System.nanoTime());
      Duration wait = Duration.ofNanos(Math.min(left, LONGEST_WAIT.toNanos()));
      URI address =
          target.query(
              "/v1/status?token=" + Rest.escaped(token) + "&wait=" + wait.toSeconds() + "s");
      JsonNode status = Rest.require(target.rest().send("GET", address)).path("statuses").path(0);
      Outcome outcome =
          new Outcome(
              status.path("state").asText("pending"),
              status.path("reason").asText(""),
              status.path("detail").asText(""));
      if (!outcome.state().equals("pending") || left < Duration.ofSeconds(1).toNanos()) {
        return outcome;
      }
    }
  }

  ExitCode exitCode() {
    return switch (state) {
      case "pending" -> ExitCode.PENDING;
      case "rejected" -> ExitCode.REFUSED;
      default -> ExitCode.OK;
    };
  }

  /** For people: the state and the reason. */
  String text() {
    return state
        + (reason.isEmpty() ? "" : " (" + reason + (detail.isEmpty() ? "" : ": " + detail) + ")");
  }
}
