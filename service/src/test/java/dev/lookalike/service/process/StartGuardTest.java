package dev.lookalike.service.process;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.service.access.AccessSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StartGuardTest {
  private record Settings(boolean allowRemote, boolean exitWithParent, Duration idleTrimAfter)
      implements ProcessSettings {}

  private record Keys(Optional<Path> keysFile) implements AccessSettings {
    @Override
    public Duration reloadEvery() {
      return Duration.ofSeconds(2);
    }

    @Override
    public boolean openMetrics() {
      return false;
    }

    @Override
    public Optional<String> serviceKey() {
      return Optional.empty();
    }

    @Override
    public Optional<Path> serviceKeyFile() {
      return Optional.empty();
    }
  }

  private static StartGuard guard(
      boolean allowRemote, Optional<Path> keysFile, String httpHost, String grpcHost) {
    return new StartGuard(
        new Settings(allowRemote, false, Duration.ZERO), new Keys(keysFile), httpHost, grpcHost);
  }

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

  @Test
  void looksAtBothProtocols() {
    assertThatThrownBy(() -> guard(false, Optional.empty(), "0.0.0.0", "127.0.0.1").check())
        .hasMessageContaining("quarkus.http.host=0.0.0.0");
    assertThatThrownBy(() -> guard(false, Optional.empty(), "127.0.0.1", "0.0.0.0").check())
        .hasMessageContaining("quarkus.grpc.server.host=0.0.0.0");
    assertThatCode(() -> guard(false, Optional.empty(), "127.0.0.1", "127.0.0.1").check())
        .doesNotThrowAnyException();
  }

  @Test
  void keysOrLeaveOpenIt() {
    assertThatCode(() -> guard(true, Optional.empty(), "0.0.0.0", "0.0.0.0").check())
        .doesNotThrowAnyException();
    assertThatCode(
            () -> guard(false, Optional.of(Path.of("keys.json")), "0.0.0.0", "0.0.0.0").check())
        .doesNotThrowAnyException();
  }
}
