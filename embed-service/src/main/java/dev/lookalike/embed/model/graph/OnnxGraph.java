package dev.lookalike.embed.model.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a small ONNX graph, or the beginning of another one, in the words of this service; the
 * same bytes for the same calls. Opset 17.
 */
public final class OnnxGraph {
  /** {@code TensorProto.DataType}. */
  public static final int FLOAT = TensorProto.DataType.FLOAT_VALUE;

  public static final int UINT8 = TensorProto.DataType.UINT8_VALUE;
  public static final int INT32 = TensorProto.DataType.INT32_VALUE;
  public static final int INT64 = TensorProto.DataType.INT64_VALUE;
  public static final int FLOAT16 = TensorProto.DataType.FLOAT16_VALUE;

  private static final int IR_VERSION = 8;
  private static final int OPSET = 17;

  private final String name;
  private final GraphProto.Builder graph = GraphProto.newBuilder();

  public OnnxGraph(String name) {
    this.name = name;
  }

  /** An attribute of a node. */
  public static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setI(value)
        .setType(AttributeProto.AttributeType.INT)
        .build();
  }

  /** An attribute of a node. */
  public static AttributeProto integers(String name, Long... values) {
    return AttributeProto.newBuilder()
        .setName(name)
        .addAllInts(List.of(values))
        .setType(AttributeProto.AttributeType.INTS)
        .build();
  }

  /** A float32 input; a dimension of -1 is called N. */
  public void input(String name, long... shape) {
    input(FLOAT, name, shape);
  }

  /** An input of numbers of a type; a dimension of -1 is called N. */
  public void input(int type, String name, long... shape) {
    graph.addInput(value(name, type, shape));
  }

  /** A float32 output. */
  public void output(String name, long... shape) {
    graph.addOutput(value(name, FLOAT, shape));
  }

  /** A constant of float32 numbers; returns its name. */
  public String floats(String name, float[] values, long... shape) {
    ByteBuffer raw = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(values);
    graph.addInitializer(tensor(FLOAT, raw.array(), shape).setName(name));
    return name;
  }

  /**
   * A constant as a node, which a graph of any version takes; returns its name.
   *
   * @param raw little-endian
   */
  public String constant(String name, int type, byte[] raw, long... shape) {
    return node(
        "Constant",
        name,
        List.of(),
        AttributeProto.newBuilder()
            .setName("value")
            .setT(tensor(type, raw, shape))
            .setType(AttributeProto.AttributeType.TENSOR)
            .build());
  }

  /** A node with one output; returns the output's name. */
  public String node(
      String operator, String output, List<String> from, AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(operator)
            .addAllInput(from)
            .addOutput(output)
            .addAllAttribute(List.of(attributes)));
    return output;
  }

  /** The whole model. */
  public byte[] toByteArray() {
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .setProducerName("lookalike")
        .setGraph(graph.build().toBuilder().setName(name))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
        .build()
        .toByteArray();
  }

  /** The fields of the graph alone, to stand in front of those of another one. */
  public byte[] fields() {
    return graph.build().toByteArray();
  }

  private static TensorProto.Builder tensor(int type, byte[] raw, long... shape) {
    return TensorProto.newBuilder()
        .addAllDims(Arrays.stream(shape).boxed().toList())
        .setDataType(type)
        .setRawData(ByteString.copyFrom(raw));
  }

  private static ValueInfoProto value(String name, int type, long... shape) {
    TensorShapeProto.Builder sides = TensorShapeProto.newBuilder();
    for (long side : shape) {
      sides.addDim(
          side < 0
              ? Dimension.newBuilder().setDimParam("N")
              : Dimension.newBuilder().setDimValue(side));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(type).setShape(sides)))
        .build();
  }
}
