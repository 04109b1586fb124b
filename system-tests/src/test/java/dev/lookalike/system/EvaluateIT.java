package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code lookalike evaluate}, typed as a user types it, against figures computed here. */
class EvaluateIT {
  private static final List<String> CLASSES = List.of("hat", "shoe", "coat");

  private final RunningSystem system = RunningSystem.get();
  private final Api api = system.api;

  /** A picture of each seed, in the folder of its class. */
  private static Path pictures(Path folder, int from, int to) throws IOException {
    for (int seed = from; seed < to; seed++) {
      Path file = folder.resolve(CLASSES.get(seed % 3)).resolve("old").resolve(seed + ".jpg");
      Files.createDirectories(file.getParent());
      Files.write(file, Pictures.jpeg(7000 + seed));
    }
    return folder;
  }

  private List<String> temporaryCollections() {
    return api.getFromIngest("/v1/collections").ok().findValuesAsText("name").stream()
        .filter(name -> name.startsWith("evaluate-"))
        .toList();
  }

  @Test
  void leaveOneOutGivesTheFiguresOfItsVectors(@TempDir Path folder) throws IOException {
    pictures(folder, 0, 30);
    Files.write(folder.resolve("hat/copy.jpg"), Pictures.jpeg(7000));
    Files.write(folder.resolve("shoe/wrong.jpg"), Pictures.jpeg(7003));
    Files.writeString(folder.resolve("coat/broken.jpg"), "no picture");
    Files.writeString(folder.resolve("README"), "of no class");

    JsonNode report =
        system
            .lookalike("evaluate", folder.toString(), "--model", "lookalike-256,tiny", "--json")
            .json();
    assertThat(report.path("protocol").asText()).isEqualTo("leave-one-out");
    assertThat(report.at("/gallery/duplicates").asInt()).isEqualTo(1);
    assertThat(report.at("/gallery/contradictory")).hasSize(2);
    assertThat(report.at("/gallery/unlabelled")).hasSize(1);
    assertThat(report.path("models").findValuesAsText("model"))
        .containsExactly("lookalike-256", "tiny");
    JsonNode figures = report.at("/models/0");
    assertThat(figures.path("queries").asInt()).isEqualTo(29);
    assertThat(figures.path("dimension").asInt()).isEqualTo(256);
    assertThat(figures.at("/rejected_files/0/file").asText()).endsWith("coat/broken.jpg");
    assertThat(figures.at("/rejected_files/0/code").asText()).isEqualTo("UNKNOWN_FORMAT");
    assertThat(figures.path("approximate_recall_at_10").asDouble()).isEqualTo(1);
    assertThat(figures.path("import_images_per_second").asDouble()).isPositive();
    for (String kind : List.of("photo", "vector", "exact")) {
      JsonNode latency = figures.path("latency_ms").path(kind);
      assertThat(latency.path("searches").asInt()).isEqualTo(29);
      assertThat(latency.path("p50").asDouble())
          .isPositive()
          .isLessThanOrEqualTo(latency.path("p99").asDouble());
    }
    compareWithVectors(figures);
    assertThat(temporaryCollections()).isEmpty();
  }

  /** R@1 and mAP of the same pictures, from the vectors of a collection of the test's own. */
  private void compareWithVectors(JsonNode figures) {
    api.createCollection("evaluated", Map.of()).ok();
    List<String> tokens = new ArrayList<>();
    for (int seed = 0; seed < 30; seed++) {
      if (seed != 3) {
        tokens.add(api.put("evaluated", "" + seed, Pictures.jpeg(7000 + seed), Map.of()).token());
      }
    }
    assertThat(api.await(tokens, Duration.ofSeconds(60))).hasSize(29);
    List<JsonNode> entries = api.everything("evaluated", true);
    int first = 0;
    double averagePrecisions = 0;
    for (JsonNode query : entries) {
      List<JsonNode> ranking = new ArrayList<>(entries);
      ranking.remove(query);
      ranking.sort((a, b) -> Double.compare(dot(query, b), dot(query, a)));
      int same = 0;
      double precisions = 0;
      for (int rank = 1; rank <= ranking.size(); rank++) {
        if (label(ranking.get(rank - 1)) == label(query)) {
          same++;
          precisions += (double) same / rank;
          first += rank == 1 ? 1 : 0;
        }
      }
      averagePrecisions += precisions / same;
    }
    assertThat(figures.at("/recall_at/1").asDouble()).isCloseTo(first / 29.0, within(1e-9));
    assertThat(figures.path("mean_average_precision").asDouble())
        .isCloseTo(averagePrecisions / 29, within(1e-4));
  }

  private static int label(JsonNode entry) {
    return Integer.parseInt(entry.path("image_id").asText()) % 3;
  }

  private static double dot(JsonNode a, JsonNode b) {
    double sum = 0;
    for (int i = 0; i < a.path("vector").size(); i++) {
      sum += a.path("vector").get(i).asDouble() * b.path("vector").get(i).asDouble();
    }
    return sum;
  }

  @Test
  void aCopyOfTheQueryInTheGalleryIsNoHit(@TempDir Path folder) throws IOException {
    Path gallery = pictures(folder.resolve("gallery"), 0, 12);
    Path queries = folder.resolve("queries");
    Files.createDirectories(queries.resolve("hat"));
    Files.write(queries.resolve("hat/copy.jpg"), Pictures.jpeg(7000));
    Files.createDirectories(queries.resolve("glove"));
    Files.write(queries.resolve("glove/foreign.jpg"), Pictures.jpeg(7100));
    Files.writeString(queries.resolve("glove/broken.jpg"), "no picture");

    List<String> command =
        List.of(
            "evaluate",
            "--queries",
            queries.toString(),
            "--gallery",
            gallery.toString(),
            "--model",
            "lookalike-256",
            "--precision",
            "0.2,1");
    List<String> withJson = new ArrayList<>(command);
    withJson.add("--json");
    JsonNode report = system.lookalike(withJson).json();
    assertThat(report.at("/queries/copies").asInt()).isEqualTo(1);
    JsonNode figures = report.at("/models/0");
    assertThat(figures.path("queries").asInt()).isEqualTo(2);
    assertThat(figures.path("queries_without_counterpart").asInt()).isEqualTo(1);
    // The copy would be a pair of one class, and similarity 1 would be reached by it.
    assertThat(figures.path("pairs").asInt()).isEqualTo(11 + 12);
    assertThat(figures.path("pairs_of_one_class").asInt()).isEqualTo(3);
    assertThat(figures.at("/rejected_files/0/code").asText()).isEqualTo("UNKNOWN_FORMAT");

    RunningSystem.Run table = system.lookalike(command).ok();
    assertThat(table.out())
        .contains("R@1", "mAP", "min similarity", "photo p50 ms", "lookalike-256");
    assertThat(table.err()).contains("glove/broken.jpg: UNKNOWN_FORMAT");
    assertThat(temporaryCollections()).isEmpty();
  }

  @Test
  void anInterruptedRunLeavesNothingBehind(@TempDir Path folder) throws Exception {
    pictures(folder, 0, 60);
    ProcessBuilder builder =
        new ProcessBuilder(
                // A build in the background ignores the signal, and what it starts would, too.
                "env",
                "--default-signal=INT",
                RunningSystem.ROOT.resolve("lookalike").toString(),
                "evaluate",
                folder.toString(),
                "--model",
                "lookalike-256,tiny")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("out.txt").toFile());
    builder.environment().put("LOOKALIKE_HOME", system.home.toString());
    Process process = builder.start();
    try {
      await().atMost(Duration.ofSeconds(60)).until(() -> !temporaryCollections().isEmpty());
      new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).isEqualTo(130);
    assertThat(Files.readString(folder.resolve("out.txt"))).contains("interrupted");
    assertThat(temporaryCollections()).isEmpty();
  }

  @Test
  void aModelThatIsNotServedIsToldBeforeAnythingIsDone(@TempDir Path folder) throws IOException {
    pictures(folder, 0, 4);
    RunningSystem.Run run =
        system.lookalike("evaluate", folder.toString(), "--model", "lookalike-256,nonsense");
    assertThat(run.exit()).isEqualTo(5);
    assertThat(run.err()).contains("MODEL_NOT_SERVED", "nonsense", "tiny");
  }
}
