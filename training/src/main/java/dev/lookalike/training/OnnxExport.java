package dev.lookalike.training;

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
import java.util.List;

/**
 * Writes a trained network as an ONNX graph, opset 13: input {@code pixels [N, C, height, width]},
 * float32, 0..1, outputs {@code embedding [N, 64]} and {@code logits [N, classes]}. A network for
 * grey images accepts any number of channels and starts with their mean: one channel is unchanged,
 * and a grey image in three channels gives the same result.
 */
final class OnnxExport {
  static final String INPUT = "pixels";
  static final String EMBEDDING = "embedding";
  static final String LOGITS = "logits";

  private static final long OPSET = 13;
  private static final long IR_VERSION = 7;

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("network");

  private OnnxExport() {}

  /** The bytes of {@code model.onnx}. */
  static byte[] bytes(Network network) {
    return new OnnxExport().model(network).toByteArray();
  }

  private ModelProto model(Network network) {
    InputShape shape = network.shape();
    List<Network.Weights> weights = network.weights();
    boolean grey = shape.channels() == 1;
    graph.addInput(
        value(
            INPUT,
            named("batch"),
            grey ? named("channels") : fixed(shape.channels()),
            fixed(shape.height()),
            fixed(shape.width())));
    String last = INPUT;
    if (grey) {
      last = node("ReduceMean", "grey", List.of(last), integers("axes", 1), integer("keepdims", 1));
    }
    for (int i = 0; i < 3; i++) {
      String name = "conv" + (i + 1);
      last = layer("Conv", name, last, weights.get(i), integers("kernel_shape", 3, 3));
      last = node("Relu", name + "_relu", List.of(last));
      if (i < 2) {
        last =
            node(
                "MaxPool",
                "pool" + (i + 1),
                List.of(last),
                integers("kernel_shape", 2, 2),
                integers("strides", 2, 2));
      }
    }
    last = node("Flatten", "flat", List.of(last), integer("axis", 1));
    last = layer("Gemm", "dense", last, weights.get(3), integer("transB", 1));
    last = node("Relu", EMBEDDING, List.of(last));
    layer("Gemm", LOGITS, last, weights.get(4), integer("transB", 1));
    graph.addOutput(value(EMBEDDING, named("batch"), fixed(Network.EMBEDDING)));
    graph.addOutput(value(LOGITS, named("batch"), fixed(weights.get(4).bias().length)));
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .setProducerName("lookalike")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
        .setGraph(graph)
        .build();
  }

  private String layer(
      String type, String name, String from, Network.Weights weights, AttributeProto attribute) {
    String weight = name + "_weight";
    String bias = name + "_bias";
    graph.addInitializer(tensor(weight, weights.weight(), weights.dimensions()));
    graph.addInitializer(tensor(bias, weights.bias(), weights.bias().length));
    return node(type, name, List.of(from, weight, bias), attribute);
  }

  /** Adds a node whose output has the same name. */
  private String node(String type, String name, List<String> inputs, AttributeProto... attributes) {
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType(type)
            .setName(name)
            .addAllInput(inputs)
            .addOutput(name)
            .addAllAttribute(List.of(attributes)));
    return name;
  }

  private static TensorProto tensor(String name, float[] values, long... dimensions) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .setRawData(ByteString.copyFrom(bytes));
    for (long dimension : dimensions) {
      tensor.addDims(dimension);
    }
    return tensor.build();
  }

  private static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  private static AttributeProto integers(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  private static Dimension named(String name) {
    return Dimension.newBuilder().setDimParam(name).build();
  }

  private static Dimension fixed(long value) {
    return Dimension.newBuilder().setDimValue(value).build();
  }

  private static ValueInfoProto value(String name, Dimension... dimensions) {
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder()
                        .setElemType(TensorProto.DataType.FLOAT.getNumber())
                        .setShape(TensorShapeProto.newBuilder().addAllDim(List.of(dimensions)))))
        .build();
  }
}
