package dev.lookalike.embed.model.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lookalike.embed.model.Goldens;
import dev.lookalike.embed.model.runtime.OnnxModel.Inference;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors and vectors against those of transformers and Python's ONNX Runtime (goldens.py). */
class GoldenVectorsTest {
  @ParameterizedTest
  @ValueSource(strings = {"clip", "clip-bilinear", "clip-padded", "vit", "vit-raw"})
  void tensorsAndVectorsEqualTheReference(String name) throws Exception {
    JsonNode goldens =
        new ObjectMapper().readTree(Goldens.FOLDER.resolve(name).resolve("goldens.json").toFile());
    try (OnnxModel model = OnnxModel.load(Goldens.FOLDER.resolve(name), 1)) {
      assertThat(goldens.path("cases")).hasSize(6);
      for (JsonNode golden : goldens.path("cases")) {
        String which = name + " " + golden.path("width") + " x " + golden.path("height");
        PixelBuffer memory = model.buffer(1);
        FloatBuffer pixels = memory.floats();
        memory.write(Goldens.image(golden.path("width").asInt(), golden.path("height").asInt()), 0);
        int step = model.preprocessor().floats() / 97;
        for (int i = 0; i < golden.path("tensor").size(); i++) {
          assertThat(pixels.get(i * step))
              .as("%s, tensor at %d", which, i * step)
              .isCloseTo((float) golden.path("tensor").get(i).asDouble(), within(2e-6f));
        }
        List<Inference> inferred = model.infer(memory, 0, 1);
        float[] vector = inferred.getFirst().embedding();
        double dot = 0;
        double squares = 0;
        for (int i = 0; i < vector.length; i++) {
          dot += vector[i] * golden.path("vector").get(i).asDouble();
          squares += (double) vector[i] * vector[i];
        }
        assertThat(dot / Math.sqrt(squares)).as(which).isGreaterThan(0.999999);
        assertThat(inferred.getFirst().classes()).hasSize(5);
        assertThat(inferred.getFirst().classes().getFirst().name())
            .isEqualTo("class " + golden.path("best").asInt());
      }
    }
  }
}
