package dev.lookalike.engines;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs the command {@code docker}. Used before Testcontainers: without an engine it fails at once,
 * while Testcontainers would try for half a minute.
 */
final class Docker {
  private static final Duration ASK = Duration.ofSeconds(5);
  private static final Duration PULL = Duration.ofMinutes(10);

  private static @Nullable Answer version;

  private Docker() {}

  /**
   * @param words its whole output, in one line
   */
  private record Answer(boolean ok, String words) {}

  /** Why no engine answers; empty if one does. Checked once. */
  static synchronized Optional<String> absent() {
    String host = System.getenv().getOrDefault("DOCKER_HOST", "");
    if (!isHere(host)) {
      return Optional.of(host + " is another machine, and ports are published on its loopback");
    }
    Answer answer = version;
    if (answer == null) {
      answer = docker(ASK, "version", "--format", "{{.Server.APIVersion}}");
      version = answer;
      if (answer.ok) {
        // docker-java would use its own version, which an older engine refuses.
        System.setProperty("api.version", answer.words);
      }
    }
    return answer.ok ? Optional.empty() : Optional.of(answer.words);
  }

  /** Whether an engine at this address, as in {@code DOCKER_HOST}, is on this machine. */
  static boolean isHere(String host) {
    return !host.contains("://")
        || host.matches("(unix|npipe)://.*")
        || host.matches("(tcp|http|https)://(localhost|127\\.[0-9.]+|\\[::1])(:[0-9]+)?/?");
  }

  /** Whether the engine has the image already. */
  static boolean has(String image) {
    return docker(ASK, "image", "inspect", "--format", "{{.Id}}", image).ok;
  }

  /** Pulls an image; returns why it failed, if it did. */
  static Optional<String> pull(String image) {
    Answer answer = docker(PULL, "pull", "--quiet", image);
    return answer.ok ? Optional.empty() : Optional.of(answer.words);
  }

  private static Answer docker(Duration limit, String... arguments) {
    List<String> command = Stream.concat(Stream.of("docker"), Stream.of(arguments)).toList();
    try {
      // The output is short, so it can be read after the process ends.
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        return new Answer(
            false, "docker " + arguments[0] + " took longer than " + limit.toSeconds() + " s");
      }
      String words =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
              .strip()
              .replaceAll("\\s+", " ");
      return new Answer(process.exitValue() == 0, words);
    } catch (IOException e) {
      return new Answer(false, "there is no command docker");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while docker worked", e);
    }
  }
}
