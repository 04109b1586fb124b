package dev.lookalike.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFileTest {
  private static final int PROCESSES = 6;

  @TempDir Path directory;

  /** A process that adds a key, as {@code lookalike key create} does. */
  static final class Adder {
    private Adder() {}

    public static void main(String[] arguments) throws Exception {
      Path file = Path.of(arguments[0]);
      try (KeyFile.Turn turn = KeyFile.turn(file)) {
        List<AccessKey> keys = new ArrayList<>(Files.exists(file) ? KeyFile.read(file) : List.of());
        keys.add(
            AccessKey.of(
                KeyText.random(),
                arguments[1],
                List.of(new Grant("shop", Role.READER)),
                Instant.parse("2026-01-01T00:00:00Z"),
                Optional.empty()));
        // As slow as a slow disk.
        Thread.sleep(100);
        KeyFile.write(file, keys);
      }
    }
  }

  @Test
  void whatSeveralProcessesAddAtOnceIsAllKept() throws Exception {
    Path file = directory.resolve("keys.json");
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      processes.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Adder.class.getName(),
                  file.toString(),
                  "key " + i)
              .inheritIO()
              .start());
    }
    for (Process process : processes) {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    }
    assertThat(KeyFile.read(file)).hasSize(PROCESSES);
  }
}
