package dev.lookalike.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.cli.terminal.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFoldersTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {"model.onnx", "onnx/model.onnx", "onnx/model_fp16.onnx", "vision_model.onnx"})
  void aGraphLiesWhereExportsPutIt(String name) throws IOException {
    assertThat(ModelFolders.holdsModel(folder)).isFalse();
    Path graph = folder.resolve(name);
    Files.createDirectories(graph.getParent());
    Files.writeString(graph, "graph");
    assertThat(ModelFolders.holdsModel(folder)).isTrue();
    assertThat(ModelFolders.holdsModel(graph)).isTrue();
  }

  @Test
  void textWeightsAndAbsentFoldersAreNoModels() throws IOException {
    Files.writeString(folder.resolve("decoder.onnx"), "text");
    Files.writeString(folder.resolve("model.safetensors"), "weights");
    assertThat(ModelFolders.holdsModel(folder)).isFalse();
    assertThat(ModelFolders.holdsModel(folder.resolve("absent"))).isFalse();
  }

  @Test
  void preprocessingMayLieInEitherFile() throws IOException {
    Files.writeString(folder.resolve("model.onnx"), "graph");
    assertThatThrownBy(() -> ModelFolders.requireModel(folder))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining("preprocessor_config.json");
    Files.writeString(folder.resolve("processor_config.json"), "{}");
    ModelFolders.requireModel(folder);
  }
}
