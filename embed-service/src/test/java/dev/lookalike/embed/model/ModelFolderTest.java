package dev.lookalike.embed.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.proto.image.v1.ModelReference;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFolderTest {
  @TempDir Path folder;

  private void copy(String name) throws IOException {
    for (String file : List.of("model.onnx", "preprocessor_config.json", "labels.txt")) {
      Files.copy(GoldenVectorsTest.GOLDENS.resolve(name).resolve(file), folder.resolve(file));
    }
  }

  private void states(String json) throws IOException {
    Files.writeString(folder.resolve("lookalike-model.json"), json);
  }

  private void refuses(String... words) {
    assertThatThrownBy(() -> OnnxModel.load(folder, 1))
        .isInstanceOf(ModelRefusedException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void referenceTellsWhatRan() throws IOException {
    copy("clip");
    states("{\"id\": \"tiny\", \"version\": \"3\", \"output\": \"embedding\", \"dimension\": 96}");
    try (OnnxModel model = OnnxModel.load(folder, 1)) {
      ModelReference reference = model.reference();
      assertThat(reference.getId()).isEqualTo("tiny");
      assertThat(reference.getVersion()).isEqualTo("3");
      assertThat(reference.getDigest()).matches("[0-9a-f]{64}");
      assertThat(reference.getPreprocessingVersion()).matches("[0-9a-f]{12}");
      assertThat(reference.getDimension()).isEqualTo(96);
      assertThat(model.classes()).isEqualTo(7);
    }
  }

  @Test
  void otherPreprocessingIsAnotherVersionOfIt() {
    try (OnnxModel clip = OnnxModel.load(GoldenVectorsTest.GOLDENS.resolve("clip"), 1);
        OnnxModel bilinear =
            OnnxModel.load(GoldenVectorsTest.GOLDENS.resolve("clip-bilinear"), 1)) {
      assertThat(clip.reference().getDigest()).isEqualTo(bilinear.reference().getDigest());
      assertThat(clip.reference().getPreprocessingVersion())
          .isNotEqualTo(bilinear.reference().getPreprocessingVersion());
    }
  }

  @Test
  void refusesWithFieldAndBothValues() throws IOException {
    copy("clip");
    states("{\"id\": \"tiny\", \"dimension\": 97}");
    refuses("dimension", "97", "96");
    states("{\"id\": \"tiny\", \"output\": \"features\"}");
    refuses("output", "features", "embedding, logits");
    states("{\"id\": \"tiny\", \"input\": \"image\"}");
    refuses("input", "image", "pixel_values");
    states("{\"id\": \"Tiny one\"}");
    refuses("id", "Tiny one");
    states("{\"id\": \"tiny\", \"dimensions\": 96}");
    refuses("lookalike-model.json", "dimensions");
    states(
        "{\"id\": \"tiny\", \"preprocessing\": {\"image_processor_type\":"
            + " \"CLIPImageProcessor\"}}");
    refuses("shape", "[N, 3, 224, 224]", "[-1, 3, 32, 32]");
    states("{\"id\": \"tiny\", \"preprocessing\": {\"image_processor_type\": \"FooProcessor\"}}");
    refuses("image_processor_type", "FooProcessor");
  }

  @Test
  void refusesLabelsOfAnotherModel() throws IOException {
    copy("clip");
    states("{\"id\": \"tiny\"}");
    Files.writeString(folder.resolve("labels.txt"), "one\ntwo\n");
    refuses("labels", "7", "2");
  }

  @Test
  void refusesATruncatedOrAbsentGraph() throws IOException {
    copy("clip");
    states("{\"id\": \"tiny\"}");
    byte[] graph = Files.readAllBytes(folder.resolve("model.onnx"));
    Files.write(folder.resolve("model.onnx"), java.util.Arrays.copyOf(graph, 3000));
    refuses("model.onnx");
    Files.delete(folder.resolve("model.onnx"));
    refuses("model.onnx", "none");
  }

  @Test
  void aRefusedModelLeavesTheOthersGoing() {
    Models models =
        Models.load(
            List.of(folder.resolve("absent"), GoldenVectorsTest.GOLDENS.resolve("clip")), 1);
    assertThat(models.served()).hasSize(1);
    assertThat(models.refused()).hasSize(1);
    assertThat(models.named("")).as("no other model stands in for the default").isEmpty();
    assertThat(models.named("clip")).isPresent();
    models.close();
  }

  @Test
  void theBuiltInModelIsTheSameEverywhere() throws Exception {
    assertThat(Descriptor.graph()).isEqualTo(Descriptor.graph());
    try (BuiltInModel builtIn = BuiltInModel.write();
        OnnxModel model = OnnxModel.load(builtIn.folder(), 1)) {
      assertThat(model.reference().getId()).isEqualTo("descriptor");
      assertThat(model.reference().getDimension()).isEqualTo(944);
      FloatBuffer black = model.buffer(1);
      double squares = 0;
      for (float value : model.infer(black, 1).getFirst().embedding()) {
        squares += (double) value * value;
      }
      assertThat(squares).as("a black image has an embedding").isGreaterThan(0.01);
    }
  }
}
