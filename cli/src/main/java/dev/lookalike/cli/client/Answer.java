package dev.lookalike.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;

/** The answer to a request. */
public sealed interface Answer {

  /** 2xx. {@code body} is a missing node if the answer had none. */
  record Ok(JsonNode body) implements Answer {}

  /**
   * The service refused the request and would refuse it again.
   *
   * @param status 4xx, or a 5xx that does not ask to wait
   * @param code stable code of the problem, or {@code HTTP_<status>}
   */
  record Refused(int status, String code, String detail) implements Answer {}

  /**
   * The request may succeed later: the service is full, starting or unreachable.
   *
   * @param after how long the service asks to wait; zero if it does not say
   */
  record NotNow(String code, String detail, Duration after) implements Answer {}
}
