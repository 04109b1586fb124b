package dev.lookalike.embed.model.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lookalike.embed.model.runtime.Parity.Way;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vectors of pictures in files against those of transformers and ONNX Runtime in Python. */
class ParityTest {
  private static final Path GOLDENS = Path.of("src/test/resources/parity");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"clip", "vit"})
  void vectorsEqualTheReference(String processor) throws Exception {
    JsonNode goldens =
        new ObjectMapper().readTree(Files.readAllBytes(GOLDENS.resolve("goldens.json")));
    JsonNode golden =
        goldens
            .path("processors")
            .valueStream()
            .filter(node -> node.path("name").asText().equals(processor))
            .findFirst()
            .orElseThrow();
    Files.copy(GOLDENS.resolve("model.onnx"), folder.resolve("model.onnx"));
    Files.writeString(folder.resolve("lookalike-model.json"), "{\"id\": \"parity\"}");
    Files.writeString(folder.resolve("preprocessor_config.json"), golden.path("config").toString());
    try (OnnxModel model = OnnxModel.load(folder, 1)) {
      for (String kind : List.of("ordinary", "large")) {
        List<Path> files = new ArrayList<>();
        List<float[]> reference = new ArrayList<>();
        for (JsonNode name : goldens.path(kind)) {
          files.add(GOLDENS.resolve(name.asText()));
          reference.add(vector(golden.path("vectors").path(name.asText())));
        }
        String what = processor + ", " + kind;
        Parity direct = Parity.of(what, model, Way.DIRECT, files, reference);
        Parity canonical = Parity.of(what, model, Way.CANONICAL, files, reference);
        Parity swapped = Parity.of(what, model, Way.RED_AND_BLUE_SWAPPED, files, reference);

        boolean large = kind.equals("large");
        assertThat(direct.minimum()).as(what).isGreaterThanOrEqualTo(0.999);
        assertThat(canonical.mean()).as(what).isGreaterThanOrEqualTo(large ? 0.995 : 0.998);
        assertThat(canonical.minimum()).as(what).isGreaterThanOrEqualTo(large ? 0.985 : 0.99);
        assertThat(direct.sameNeighbour()).as(what).isEqualTo(1);
        assertThat(swapped.mean()).as("a wrong preprocessing is seen").isLessThan(0.98);
      }
    }
  }

  private static float[] vector(JsonNode numbers) {
    float[] vector = new float[numbers.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) numbers.get(i).asDouble();
    }
    return vector;
  }
}
