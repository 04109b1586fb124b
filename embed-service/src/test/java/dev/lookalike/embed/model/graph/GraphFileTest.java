package dev.lookalike.embed.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import dev.lookalike.embed.model.graph.GraphFile.Part;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;

class GraphFileTest {
  private static MemorySegment direct(byte[] file) {
    MemorySegment bytes = Arena.ofAuto().allocate(file.length);
    bytes.copyFrom(MemorySegment.ofArray(file));
    return bytes;
  }

  private static GraphFile read(GraphProto.Builder graph) throws IOException {
    return GraphFile.read(direct(ModelProto.newBuilder().setGraph(graph).build().toByteArray()));
  }

  private static NodeProto node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .addOutput(output)
        .addAllInput(List.of(inputs))
        .build();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private static ValueInfoProto value(String name) {
    return ValueInfoProto.newBuilder().setName(name).build();
  }

  /** Every export, read as a whole by the generated classes. */
  @Test
  void readsWhatTheGeneratedClassesRead() throws IOException {
    int graphs = 0;
    try (ZipInputStream zip =
        new ZipInputStream(Files.newInputStream(Path.of("src/test/resources/exports.zip")))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (!entry.getName().endsWith(".onnx")) {
          continue;
        }
        graphs++;
        byte[] bytes = zip.readAllBytes();
        GraphProto whole = ModelProto.parseFrom(bytes).getGraph();
        GraphFile read = GraphFile.read(direct(bytes));
        Set<String> weights = new HashSet<>();
        whole.getInitializerList().forEach(each -> weights.add(each.getName()));
        assertThat(names(read))
            .as(entry.getName())
            .isEqualTo(whole.getInitializerList().stream().map(TensorProto::getName).toList());
        assertThat(read.inputs())
            .isEqualTo(
                whole.getInputList().stream()
                    .map(ValueInfoProto::getName)
                    .filter(name -> !weights.contains(name))
                    .toList());
        assertThat(read.outputs())
            .isEqualTo(whole.getOutputList().stream().map(ValueInfoProto::getName).toList());
        List<String> operators = new ArrayList<>();
        for (Part part : read.parts()) {
          if (part instanceof Part.Node node) {
            operators.add(node.operator());
          }
        }
        assertThat(operators)
            .isEqualTo(whole.getNodeList().stream().map(NodeProto::getOpType).toList());
        assertThat(read.opset()).isGreaterThan(10);
      }
    }
    assertThat(graphs).isGreaterThan(10);
  }

  private static List<String> names(GraphFile file) {
    List<String> names = new ArrayList<>();
    for (Part part : file.parts()) {
      if (part instanceof Part.Initializer weights) {
        names.add(weights.name());
      }
    }
    return names;
  }

  /** A file of 2 GiB must not need a heap of 2 GiB, in whatever field its numbers are. */
  @Test
  void theNumbersOfWeightsAreNeverOnTheHeap() throws IOException {
    int count = 1 << 21;
    TensorProto.Builder floats = TensorProto.newBuilder().setName("floats").addDims(count);
    for (int i = 0; i < count; i++) {
      floats.addFloatData(i);
    }
    TensorProto raw =
        TensorProto.newBuilder()
            .setName("raw")
            .addDims(count)
            .setRawData(ByteString.copyFrom(new byte[4 * count]))
            .build();
    NodeProto constant =
        node("Constant", "c").toBuilder()
            .addAttribute(AttributeProto.newBuilder().setName("value").setT(raw))
            .build();
    MemorySegment bytes =
        direct(
            ModelProto.newBuilder()
                .setGraph(
                    GraphProto.newBuilder()
                        .addInitializer(floats)
                        .addInitializer(raw)
                        .addNode(constant))
                .build()
                .toByteArray());
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    assertThat(names(GraphFile.read(bytes))).containsExactly("floats", "raw");
    long before = threads.getCurrentThreadAllocatedBytes();
    GraphFile again = GraphFile.read(bytes);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before)
        .as("bytes allocated for a file of %d bytes", bytes.byteSize())
        .isLessThan(count);
    assertThat(again.parts()).hasSize(3);
  }

  @Test
  void weightsBesideTheGraphAreFoundWhereverTheyAreNamed() throws IOException {
    TensorProto.Builder weights =
        TensorProto.newBuilder()
            .setName("w")
            .setDataType(OnnxGraph.FLOAT)
            .addDims(2)
            .addDims(3)
            .addExternalData(entry("location", "w.bin"))
            .addExternalData(entry("offset", "64"))
            .addExternalData(entry("length", "24"));
    TensorProto within =
        TensorProto.newBuilder().addExternalData(entry("location", "inner.bin")).build();
    NodeProto branch =
        node("If", "y", "condition").toBuilder()
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("then_branch")
                    .setG(
                        GraphProto.newBuilder()
                            .addInitializer(within)
                            .addNode(node("Add", "sum", "outer", "sum2"))
                            .addOutput(value("passed"))))
            .build();
    GraphFile file = read(GraphProto.newBuilder().addInitializer(weights).addNode(branch));
    assertThat(file.externalFiles()).containsExactly("inner.bin", "w.bin");
    GraphFile.External place = ((Part.Initializer) file.parts().get(1)).external().orElseThrow();
    assertThat(place.file()).isEqualTo("w.bin");
    assertThat(place.offset()).isEqualTo(64);
    assertThat(place.length()).isEqualTo(24);
    assertThat(place.type()).isEqualTo(OnnxGraph.FLOAT);
    assertThat(place.shape()).containsExactly(2, 3);
    // What a graph within a node takes from outside is needed where the node is.
    assertThat(((Part.Node) file.parts().getFirst()).inputs())
        .containsExactlyInAnyOrder("condition", "outer", "sum2", "passed");
    assertThatThrownBy(
            () ->
                read(
                    GraphProto.newBuilder()
                        .addInitializer(weights.addExternalData(entry("offset", "far")))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("external data of w");
  }

  @Test
  void theOpsetIsThatOfOnnxItself() throws IOException {
    ModelProto model =
        ModelProto.newBuilder()
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("ai.onnx.ml").setVersion(3))
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .addOpsetImport(
                OperatorSetIdProto.newBuilder().setDomain("com.microsoft").setVersion(1))
            .setGraph(GraphProto.newBuilder().addNode(node("DynamicQuantizeLinear", "q", "x")))
            .build();
    GraphFile file = GraphFile.read(direct(model.toByteArray()));
    assertThat(file.opset()).isEqualTo(17);
    assertThat(file.dynamicallyQuantised()).isTrue();
    assertThat(read(GraphProto.newBuilder()).dynamicallyQuantised()).isFalse();
  }

  @Test
  void aCutHoldsWhatIsNeededAndNothingElse() throws IOException {
    GraphFile file =
        read(
            GraphProto.newBuilder()
                .addInput(value("pixels"))
                .addInput(value("words"))
                .addInitializer(TensorProto.newBuilder().setName("a"))
                .addInitializer(TensorProto.newBuilder().setName("b"))
                .addNode(node("MatMul", "seen", "pixels", "a"))
                .addNode(node("MatMul", "read", "words", "b"))
                .addNode(node("Add", "both", "seen", "read"))
                .addOutput(value("both")));
    GraphCut all = GraphCut.of(file, List.of("both"));
    assertThat(all.changes()).isFalse();
    GraphCut cut = GraphCut.of(file, List.of("seen"));
    assertThat(cut.inputs()).containsExactly("pixels");
    try (Arena arena = Arena.ofConfined()) {
      assertThat(all.bytes(arena)).isSameAs(file.bytes());
      MemorySegment bytes = cut.bytes(arena);
      GraphProto graph = ModelProto.parseFrom(bytes.asByteBuffer()).getGraph();
      assertThat(graph.getNodeList()).extracting(NodeProto::getOpType).containsExactly("MatMul");
      assertThat(graph.getInitializerList()).extracting(TensorProto::getName).containsExactly("a");
      assertThat(graph.getInputList())
          .extracting(ValueInfoProto::getName)
          .containsExactly("pixels");
      assertThat(graph.getOutputList()).extracting(ValueInfoProto::getName).containsExactly("seen");
    }
  }

  @Test
  void whatIsNoGraphIsSaidSo() {
    assertThatThrownBy(() -> GraphFile.read(direct(new byte[0])))
        .isInstanceOf(IOException.class)
        .hasMessage("it holds no graph");
    byte[] good =
        ModelProto.newBuilder()
            .setGraph(GraphProto.newBuilder().addNode(node("Add", "y", "a", "b")))
            .build()
            .toByteArray();
    assertThat(Stream.of(1, 3, good.length - 1))
        .allSatisfy(
            length ->
                assertThatThrownBy(
                        () -> GraphFile.read(direct(java.util.Arrays.copyOf(good, length))))
                    .isInstanceOf(IOException.class));
  }
}
