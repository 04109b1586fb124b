package dev.lookalike.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;

/** What came of one request. */
public sealed interface Answer {

  /** 2xx. {@code body} is missing where the answer had none. */
  record Ok(JsonNode body) implements Answer {}

  /**
   * The service understood and refused; the same request would be refused again.
   *
   * @param status 4xx, or 5xx that is no call to wait
   * @param code stable code of the problem, or {@code HTTP_<status>}
   */
  record Refused(int status, String code, String detail) implements Answer {}

  /**
   * Not now: full, starting, not reachable.
   *
   * @param after how long the service asks to wait; zero where it says nothing
   */
  record NotNow(String code, String detail, Duration after) implements Answer {}
}
