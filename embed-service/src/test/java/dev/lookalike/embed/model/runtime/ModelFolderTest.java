package dev.lookalike.embed.model.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.embed.model.Goldens;
import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.model.graph.OnnxGraph;
import dev.lookalike.proto.image.v1.ModelReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFolderTest {
  @TempDir Path folder;

  private void copy(String name) throws IOException {
    for (String file : List.of("model.onnx", "preprocessor_config.json", "labels.txt")) {
      Files.copy(Goldens.FOLDER.resolve(name).resolve(file), folder.resolve(file));
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
    try (OnnxModel clip = OnnxModel.load(Goldens.FOLDER.resolve("clip"), 1);
        OnnxModel bilinear = OnnxModel.load(Goldens.FOLDER.resolve("clip-bilinear"), 1)) {
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
        Models.load(List.of(folder.resolve("absent"), Goldens.FOLDER.resolve("clip")), 1);
    assertThat(models.served()).hasSize(1);
    assertThat(models.refused()).hasSize(1);
    assertThat(models.named("")).as("no other model stands in for the default").isEmpty();
    assertThat(models.named("clip")).isPresent();
    models.close();
  }

  private Path unpacked(String name) throws IOException {
    ExportsTest.unpackTo(folder);
    return folder.resolve(name);
  }

  private static String refusal(Path given) {
    try (OnnxModel model = OnnxModel.load(given, 1)) {
      return "served: " + model.reference().getId();
    } catch (ModelRefusedException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void aVariantIsChosenByItsFieldOrItsPath() throws IOException {
    Path vit = unpacked("vit-features");
    Files.writeString(vit.resolve("lookalike-model.json"), "{\"variant\": \"fp16\"}");
    try (OnnxModel model = OnnxModel.load(vit, 1)) {
      assertThat(model.inputType()).isEqualTo("float16");
      assertThat(model.reference().getId()).isEqualTo("vit-features");
    }
    try (OnnxModel model = OnnxModel.load(vit.resolve("model_int8.onnx"), 1)) {
      assertThat(model.inputType()).isEqualTo("float32");
      assertThat(model.reference().getId()).isEqualTo("vit-features-int8");
    }
    Files.writeString(
        vit.resolve("lookalike-model.json"), "{\"variant\": \"model_quantized.onnx\"}");
    try (OnnxModel model = OnnxModel.load(vit, 1)) {
      assertThat(model.maxBatchSize()).isEqualTo(1);
    }
    Files.writeString(vit.resolve("lookalike-model.json"), "{\"variant\": \"q4\"}");
    assertThat(refusal(vit)).contains("variant: expected q4", "model_fp16.onnx", "model_int8.onnx");
    Files.writeString(
        vit.resolve("lookalike-model.json"), "{\"variant\": \"../vit-classes/model.onnx\"}");
    assertThat(refusal(vit)).contains("variant: expected a graph within the folder");
    Files.delete(vit.resolve("lookalike-model.json"));
    Files.delete(vit.resolve("model.onnx"));
    assertThat(refusal(vit))
        .contains(
            "variant: expected one of model_fp16.onnx, model_int8.onnx, model_quantized.onnx");
    Files.delete(vit.resolve("model_quantized.onnx"));
    Files.delete(vit.resolve("model_fp16.onnx"));
    assertThat(refusal(vit)).as("the only one").isEqualTo("served: vit-features");
  }

  @Test
  void theDigestCoversTheWeightsBesideTheGraph() throws IOException {
    Path external = unpacked("vit-external");
    String before;
    try (OnnxModel model = OnnxModel.load(external, 1)) {
      before = model.reference().getDigest();
    }
    Path data = external.resolve("onnx/model.onnx_data");
    byte[] weights = Files.readAllBytes(data);
    weights[100] ^= 1;
    Files.write(data, weights);
    try (OnnxModel model = OnnxModel.load(external, 1)) {
      assertThat(model.reference().getDigest()).isNotEqualTo(before);
    }
    Files.write(data, java.util.Arrays.copyOf(weights, weights.length - 1));
    assertThat(refusal(external)).contains("external data model.onnx_data: expected at least");
    Files.delete(data);
    assertThat(refusal(external)).contains("external data: expected model.onnx_data");
  }

  @Test
  void anotherOutputOrPoolingIsAnotherBuild() throws IOException {
    Path vit = unpacked("vit-features");
    String rule;
    try (OnnxModel model = OnnxModel.load(vit, 1)) {
      rule = model.reference().getPreprocessingVersion();
    }
    Files.writeString(vit.resolve("lookalike-model.json"), "{\"output\": \"last_hidden_state\"}");
    try (OnnxModel model = OnnxModel.load(vit, 1)) {
      assertThat(model.reference().getPreprocessingVersion()).as("the same").isEqualTo(rule);
    }
    Files.writeString(vit.resolve("lookalike-model.json"), "{\"pooling\": \"mean\"}");
    try (OnnxModel model = OnnxModel.load(vit, 1)) {
      assertThat(model.pooling()).isEqualTo("mean");
      assertThat(model.reference().getPreprocessingVersion()).isNotEqualTo(rule);
    }
    Files.writeString(vit.resolve("lookalike-model.json"), "{\"pooling\": \"max\"}");
    assertThat(refusal(vit)).contains("pooling: expected flatten, cls or mean, found max");
  }

  @Test
  void aGraphThatTakes0To255WantsAProcessorThatGivesThem() throws IOException {
    Path scaled = unpacked("scaled-inside");
    Files.copy(
        folder.resolve("vit-features/preprocessor_config.json"),
        scaled.resolve("preprocessor_config.json"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(refusal(scaled)).contains("input type", "uint8", "do_rescale");
  }

  /** The root of what is negative. */
  @Test
  void refusesAModelThatGivesNoNumbers() throws IOException {
    OnnxGraph graph = new OnnxGraph("nan");
    graph.input("pixels", -1, 3, 8, 8);
    graph.node("Neg", "negative", List.of("pixels"));
    graph.node("Sqrt", "root", List.of("negative"));
    graph.node("Flatten", "embedding", List.of("root"));
    graph.output("embedding", -1, 192);
    Files.write(folder.resolve("model.onnx"), graph.toByteArray());
    states(
        "{\"id\": \"nan\", \"preprocessing\": {\"image_processor_type\":"
            + " \"ViTImageProcessor\", \"size\": {\"height\": 8, \"width\": 8}}}");
    refuses("output embedding", "finite numbers", "NaN");
  }
}
