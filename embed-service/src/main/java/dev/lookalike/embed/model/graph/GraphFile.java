package dev.lookalike.embed.model.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * An ONNX graph as it lies in memory: what must be known of it before it is loaded, and where each
 * part of it begins and ends, so that {@link GraphCut} can leave parts out. Each part is read by
 * the generated classes of ONNX; the two messages around them are walked here, and the numbers of
 * weights passed over, so that none of them is ever on the heap
 * (docs/adr/0020-what-is-read-by-hand.md).
 *
 * @param bytes the whole file
 * @param parts of the main graph, in their order
 * @param graphAt where the main graph's field begins in the file, tag included, and where it ends
 * @param externalFiles files beside the graph that hold weights, as the graph names them
 * @param dynamicallyQuantised whether activations are quantised by the range of their batch, so
 *     that a vector depends on what else is in it
 * @param opset version of ONNX's own operators that the graph is written in; 0 where it is not said
 */
public record GraphFile(
    MemorySegment bytes,
    List<Part> parts,
    Span graphAt,
    SortedSet<String> externalFiles,
    boolean dynamicallyQuantised,
    int opset) {
  /** A side of a shape that the graph leaves open. */
  private static final long OPEN = -1;

  /** Bytes of a tensor without its numbers, about: name, type, shape, place of external data. */
  private static final int KEPT_BYTES = 256;

  /** Fields of a tensor that hold its numbers. */
  private static final Set<Integer> NUMBERS =
      Set.of(
          TensorProto.FLOAT_DATA_FIELD_NUMBER,
          TensorProto.INT32_DATA_FIELD_NUMBER,
          TensorProto.STRING_DATA_FIELD_NUMBER,
          TensorProto.INT64_DATA_FIELD_NUMBER,
          TensorProto.RAW_DATA_FIELD_NUMBER,
          TensorProto.DOUBLE_DATA_FIELD_NUMBER,
          TensorProto.UINT64_DATA_FIELD_NUMBER);

  /** From the first byte of a field, its tag, to behind its last. */
  public record Span(int from, int to) {}

  /** A field of the main graph. */
  public sealed interface Part {
    Span span();

    /**
     * @param inputs names, empty ones included; those that graphs within it take from outside too
     */
    record Node(Span span, String operator, List<String> inputs, List<String> outputs)
        implements Part {}

    record Initializer(Span span, String name, Optional<External> external) implements Part {}

    /**
     * @param type of its numbers, {@code TensorProto.DataType}; 0 where it is no tensor
     * @param shape -1 where the graph leaves a side open; empty where it states none
     */
    record Input(Span span, String name, int type, List<Long> shape) implements Part {}

    record Output(Span span, String name) implements Part {}

    record Other(Span span) implements Part {}
  }

  /**
   * Weights in a file beside the graph.
   *
   * @param type {@code TensorProto.DataType}
   * @param length bytes; -1 where the graph does not state it
   */
  public record External(String file, long offset, long length, int type, long[] shape) {}

  /** Reads one file; positions are within the buffer. */
  private static final class Scan {
    private final CodedInputStream in;
    private final List<Part> parts = new ArrayList<>();
    private final SortedSet<String> files = new TreeSet<>();
    private Optional<Span> graph = Optional.empty();
    private boolean dynamic;
    private int opset;

    Scan(ByteBuffer bytes) throws IOException {
      // What nodes hold of raw numbers stays where it lies.
      in = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
      in.enableAliasing(true);
    }

    void model() throws IOException {
      for (int start = position(), tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, ModelProto.GRAPH_FIELD_NUMBER)) {
          int limit = in.pushLimit(in.readRawVarint32());
          graph();
          in.popLimit(limit);
          graph = Optional.of(new Span(start, position()));
        } else if (isMessage(tag, ModelProto.OPSET_IMPORT_FIELD_NUMBER)) {
          OperatorSetIdProto operators = message(OperatorSetIdProto.parser());
          if (operators.getDomain().isEmpty() || operators.getDomain().equals("ai.onnx")) {
            opset = (int) operators.getVersion();
          }
        } else {
          skip(tag);
        }
        start = position();
      }
    }

    private void graph() throws IOException {
      for (int start = position(), tag = in.readTag(); tag != 0; tag = in.readTag()) {
        parts.add(part(start, tag));
        start = position();
      }
    }

    private Part part(int start, int tag) throws IOException {
      if (isMessage(tag, GraphProto.NODE_FIELD_NUMBER)) {
        NodeProto node = message(NodeProto.parser());
        List<String> inputs = new ArrayList<>();
        look(node, inputs);
        return new Part.Node(
            span(start), node.getOpType(), inputs, List.copyOf(node.getOutputList()));
      }
      if (isMessage(tag, GraphProto.INITIALIZER_FIELD_NUMBER)) {
        TensorProto tensor = withoutNumbers();
        look(tensor);
        return new Part.Initializer(span(start), tensor.getName(), external(tensor));
      }
      if (isMessage(tag, GraphProto.INPUT_FIELD_NUMBER)) {
        ValueInfoProto value = message(ValueInfoProto.parser());
        TypeProto.Tensor type = value.getType().getTensorType();
        return new Part.Input(
            span(start),
            value.getName(),
            type.getElemType(),
            type.getShape().getDimList().stream()
                .map(side -> side.hasDimValue() ? side.getDimValue() : OPEN)
                .toList());
      }
      if (isMessage(tag, GraphProto.OUTPUT_FIELD_NUMBER)) {
        String name = message(ValueInfoProto.parser()).getName();
        return new Part.Output(span(start), name);
      }
      skip(tag);
      return new Part.Other(span(start));
    }

    /**
     * @param inputs gets what the node takes, and what graphs within it may take from outside
     */
    private void look(NodeProto node, List<String> inputs) {
      inputs.addAll(node.getInputList());
      dynamic |= node.getOpType().startsWith("DynamicQuantize");
      for (AttributeProto attribute : node.getAttributeList()) {
        look(attribute.getT());
        attribute.getTensorsList().forEach(this::look);
        Set<String> taken = new HashSet<>();
        look(attribute.getG(), taken);
        attribute.getGraphsList().forEach(inner -> look(inner, taken));
        inputs.addAll(taken);
      }
    }

    private void look(GraphProto inner, Set<String> taken) {
      List<String> inputs = new ArrayList<>();
      inner.getNodeList().forEach(node -> look(node, inputs));
      taken.addAll(inputs);
      inner.getInitializerList().forEach(this::look);
      inner.getOutputList().forEach(output -> taken.add(output.getName()));
    }

    private void look(TensorProto tensor) {
      entry(tensor, "location").ifPresent(files::add);
    }

    private static Optional<External> external(TensorProto tensor) throws IOException {
      Optional<String> file = entry(tensor, "location");
      if (file.isEmpty()) {
        return Optional.empty();
      }
      try {
        return Optional.of(
            new External(
                file.get(),
                Long.parseLong(entry(tensor, "offset").orElse("0")),
                Long.parseLong(entry(tensor, "length").orElse("-1")),
                tensor.getDataType(),
                tensor.getDimsList().stream().mapToLong(Long::longValue).toArray()));
      } catch (NumberFormatException e) {
        throw new IOException(
            "external data of " + tensor.getName() + ": " + tensor.getExternalDataList(), e);
      }
    }

    private static Optional<String> entry(TensorProto tensor, String key) {
      return tensor.getExternalDataList().stream()
          .filter(each -> each.getKey().equals(key))
          .map(StringStringEntryProto::getValue)
          .reduce((first, last) -> last);
    }

    /** The tensor of the field that is next, without its numbers. */
    private TensorProto withoutNumbers() throws IOException {
      int limit = in.pushLimit(in.readRawVarint32());
      ByteString.Output kept = ByteString.newOutput();
      CodedOutputStream out = CodedOutputStream.newInstance(kept, KEPT_BYTES);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (NUMBERS.contains(WireFormat.getTagFieldNumber(tag))) {
          skip(tag);
        } else if (!in.skipField(tag, out)) {
          throw new IOException("a group ends that did not begin");
        }
      }
      out.flush();
      in.popLimit(limit);
      return TensorProto.parseFrom(kept.toByteString());
    }

    private <T extends MessageLite> T message(Parser<T> parser) throws IOException {
      return in.readMessage(parser, ExtensionRegistryLite.getEmptyRegistry());
    }

    private static boolean isMessage(int tag, int field) {
      return tag == (field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED);
    }

    private Span span(int start) {
      return new Span(start, position());
    }

    private int position() {
      return in.getTotalBytesRead();
    }

    private void skip(int tag) throws IOException {
      if (!in.skipField(tag)) {
        throw new IOException("a group ends that did not begin");
      }
    }
  }

  /**
   * @param bytes a file, not copied
   * @throws IOException where the bytes are no ONNX graph, or end too early
   */
  public static GraphFile read(MemorySegment bytes) throws IOException {
    Scan scan = new Scan(bytes.asByteBuffer());
    scan.model();
    Span graph = scan.graph.orElseThrow(() -> new IOException("it holds no graph"));
    return new GraphFile(
        bytes, List.copyOf(scan.parts), graph, scan.files, scan.dynamic, scan.opset);
  }

  /** Names of the graph's inputs that are no weights, in their order. */
  public List<String> inputs() {
    Set<String> weights = new HashSet<>();
    for (Part part : parts) {
      if (part instanceof Part.Initializer initializer) {
        weights.add(initializer.name());
      }
    }
    List<String> names = new ArrayList<>();
    for (Part part : parts) {
      if (part instanceof Part.Input input && !weights.contains(input.name())) {
        names.add(input.name());
      }
    }
    return names;
  }

  /** Names of the graph's outputs, in their order. */
  public List<String> outputs() {
    List<String> names = new ArrayList<>();
    for (Part part : parts) {
      if (part instanceof Part.Output output) {
        names.add(output.name());
      }
    }
    return names;
  }

  /** The input of this name. */
  public Part.Input input(String name) {
    for (Part part : parts) {
      if (part instanceof Part.Input input && input.name().equals(name)) {
        return input;
      }
    }
    throw new IllegalArgumentException("no input " + name);
  }

  /** The nodes by the names of what they give. */
  public Map<String, Part.Node> producers() {
    Map<String, Part.Node> producers = new HashMap<>();
    for (Part part : parts) {
      if (part instanceof Part.Node node) {
        node.outputs().forEach(output -> producers.put(output, node));
      }
    }
    return producers;
  }
}
