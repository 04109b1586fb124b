package dev.lookalike.embed.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.embed.model.ModelRefusedException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EmbeddingTensorTest {
  private static final StatedTensors NOTHING =
      new StatedTensors(
          Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

  private static GraphFile read(OnnxGraph graph) throws IOException {
    byte[] bytes = graph.toByteArray();
    MemorySegment direct = Arena.ofAuto().allocate(bytes.length);
    direct.copyFrom(MemorySegment.ofArray(bytes));
    return GraphFile.read(direct);
  }

  private static GraphFile withOutputs(String... outputs) throws IOException {
    OnnxGraph graph = new OnnxGraph("g");
    graph.input("pixels", -1, 3, 8, 8);
    for (String output : outputs) {
      graph.node("Identity", output, List.of("pixels"));
      graph.output(output, -1, 4);
    }
    return read(graph);
  }

  @Test
  void theOrderIsTheDocumentedOne() throws IOException {
    assertThat(
            EmbeddingTensor.of(
                withOutputs("last_hidden_state", "pooler_output", "image_embeds"), NOTHING))
        .isEqualTo(new EmbeddingTensor("image_embeds", Optional.empty(), false));
    assertThat(EmbeddingTensor.of(withOutputs("last_hidden_state", "pooler_output"), NOTHING))
        .isEqualTo(new EmbeddingTensor("pooler_output", Optional.of(Pooling.FLATTEN), false));
    assertThat(EmbeddingTensor.of(withOutputs("x", "last_hidden_state"), NOTHING).name())
        .isEqualTo("last_hidden_state");
  }

  @Test
  void whatTheFolderStatesComesFirst() throws IOException {
    StatedTensors stated =
        new StatedTensors(
            Optional.empty(),
            Optional.of("last_hidden_state"),
            Optional.of(Pooling.MEAN),
            Optional.empty(),
            Optional.empty());
    assertThat(EmbeddingTensor.of(withOutputs("last_hidden_state", "image_embeds"), stated))
        .isEqualTo(new EmbeddingTensor("last_hidden_state", Optional.of(Pooling.MEAN), true));
  }

  /** logits = x W + b, the product scaled as a quantised one is. */
  @Test
  void theInputOfALinearHeadIsTaken() throws IOException {
    OnnxGraph graph = new OnnxGraph("g");
    graph.input("pixels", -1, 3, 8, 8);
    graph.node("Flatten", "features", List.of("pixels"));
    graph.node("Identity", "features_written", List.of("features"));
    graph.floats("w", new float[192 * 2], 192, 2);
    graph.floats("b", new float[2], 2);
    graph.floats("scale", new float[] {1}, 1);
    graph.node("MatMul", "product", List.of("features_written", "w"));
    graph.node("Mul", "scaled", List.of("product", "scale"));
    graph.node("Add", "logits", List.of("scaled", "b"));
    graph.output("logits", -1, 2);
    assertThat(EmbeddingTensor.of(read(graph), NOTHING).name()).isEqualTo("features");
  }

  @Test
  void aSumOfTwoHeadsIsNoLinearHead() throws IOException {
    OnnxGraph graph = new OnnxGraph("g");
    graph.input("pixels", -1, 3, 8, 8);
    graph.node("Flatten", "a", List.of("pixels"));
    graph.node("Neg", "b", List.of("a"));
    graph.floats("w", new float[192 * 2], 192, 2);
    graph.node("MatMul", "first", List.of("a", "w"));
    graph.node("MatMul", "second", List.of("b", "w"));
    graph.node("Add", "logits", List.of("first", "second"));
    graph.output("logits", -1, 2);
    GraphFile file = read(graph);
    assertThatThrownBy(() -> EmbeddingTensor.of(file, NOTHING))
        .isInstanceOf(ModelRefusedException.class)
        .hasMessageContainingAll(
            "output", "image_embeds", "optimum-cli export onnx", "feature-extraction", "logits");
  }

  @Test
  void poolsTokensAndMaps() {
    FloatBuffer twice = FloatBuffer.wrap(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    assertThat(Pooling.CLS.rows(twice, new long[] {2, 3, 2}))
        .isDeepEqualTo(new float[][] {{1, 2}, {7, 8}});
    assertThat(Pooling.MEAN.rows(twice, new long[] {2, 3, 2}))
        .isDeepEqualTo(new float[][] {{3, 4}, {9, 10}});
    assertThat(Pooling.MEAN.rows(twice, new long[] {1, 3, 2, 2}))
        .isDeepEqualTo(new float[][] {{2.5f, 6.5f, 10.5f}});
    assertThat(Pooling.FLATTEN.rows(twice, new long[] {2, 6, 1, 1})[1])
        .containsExactly(7, 8, 9, 10, 11, 12);
    assertThatThrownBy(() -> Pooling.CLS.rows(twice, new long[] {2, 6}))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
