package dev.lookalike.embed.server;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class StartGuardTest {
  @Test
  void allowsLoopback() {
    for (String host : List.of("127.0.0.1", "localhost", "::1", "127.8.9.1")) {
      assertThatCode(() -> StartGuard.requireLoopback("key", host)).doesNotThrowAnyException();
    }
  }

  @Test
  void refusesTheRest() {
    for (String host : List.of("0.0.0.0", "::", "192.0.2.1")) {
      assertThatThrownBy(() -> StartGuard.requireLoopback("quarkus.http.host", host))
          .hasMessageContaining("quarkus.http.host=" + host)
          .hasMessageContaining("lookalike.allow-remote");
    }
  }
}
