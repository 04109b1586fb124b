package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Hostile, broken and odd files: each ends searchable or rejected with a reason, and no process
 * minds.
 */
class RobustnessIT {
  @Test
  void everyFileHasAnEnd() throws IOException {
    assumeThat(SharedData.robustness()).as("../shared/robustness").isPresent();
    Path folder = SharedData.robustness().orElseThrow();
    RunningSystem system = RunningSystem.get();
    Api api = system.api;
    api.createCollection("robustness", Map.of()).ok();
    List<Long> pids = pids(system);

    List<Path> files;
    try (Stream<Path> walk = Files.walk(folder)) {
      files =
          walk.filter(Files::isRegularFile)
              .filter(file -> !file.getFileName().toString().endsWith(".tsv"))
              .sorted()
              .toList();
    }
    Map<String, Integer> ends = new TreeMap<>();
    List<String> tokens = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      Api.Answer answer =
          api.tryPut("robustness", "r" + i, Files.readAllBytes(files.get(i)), Map.of());
      if (answer.status() == 202) {
        tokens.add(Api.accepted(answer).token());
      } else {
        assertThat(answer.status()).as(files.get(i) + " " + answer.body()).isIn(413, 415, 422);
        assertThat(answer.code()).as(files.get(i).toString()).matches("[A-Z_]+");
        ends.merge(answer.code(), 1, Integer::sum);
      }
    }
    for (JsonNode status : api.await(tokens, Duration.ofMinutes(3))) {
      String state = status.path("state").asText();
      assertThat(state).isIn("searchable", "rejected");
      ends.merge(
          state.equals("rejected") ? status.path("reason").asText() : state, 1, Integer::sum);
    }
    ends.forEach((end, count) -> System.out.printf("robustness %-24s %4d%n", end, count));

    assertThat(ends.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(files.size());
    assertThat(ends.get("searchable")).isGreaterThan(files.size() / 3);
    assertThat(pids(system)).as("no process died").isEqualTo(pids);
  }

  private static List<Long> pids(RunningSystem system) {
    return Stream.of(RunningSystem.Part.values()).map(part -> system.process(part).pid()).toList();
  }
}
