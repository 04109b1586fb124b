package dev.lookalike.embed.model.graph;

import com.google.protobuf.CodedInputStream;
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
 * part of it begins and ends, so that {@link GraphCut} can leave parts out. Weights are passed
 * over, never copied. Field numbers are those of onnx.proto3 (ONNX 1.19).
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
  static final int MODEL_GRAPH = 7;
  private static final int MODEL_OPSET = 8;
  private static final int OPSET_DOMAIN = 1;
  private static final int OPSET_VERSION = 2;
  static final int GRAPH_OUTPUT = 12;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int GRAPH_INPUT = 11;
  private static final int NODE_INPUT = 1;
  private static final int NODE_OUTPUT = 2;
  private static final int NODE_OP_TYPE = 4;
  private static final int NODE_ATTRIBUTE = 5;
  private static final int ATTRIBUTE_TENSOR = 5;
  private static final int ATTRIBUTE_GRAPH = 6;
  private static final int TENSOR_DIMENSION = 1;
  private static final int TENSOR_TYPE = 2;
  private static final int TENSOR_NAME = 8;
  private static final int TENSOR_EXTERNAL_DATA = 13;
  private static final int VALUE_NAME = 1;
  private static final int VALUE_TYPE = 2;
  private static final int TYPE_TENSOR = 1;
  private static final int TENSOR_TYPE_NUMBERS = 1;
  private static final int TENSOR_TYPE_SHAPE = 2;
  private static final int SHAPE_DIMENSION = 1;
  private static final int DIMENSION_VALUE = 1;
  private static final int ENTRY_KEY = 1;
  private static final int ENTRY_VALUE = 2;

  /** Messages within messages, at most: graphs in attributes of nodes of graphs. */
  private static final int MAX_DEPTH = 64;

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

    Scan(ByteBuffer bytes) {
      in = CodedInputStream.newInstance(bytes);
    }

    void model() throws IOException {
      for (int start = position(), tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, MODEL_GRAPH)) {
          int limit = push();
          graph();
          in.popLimit(limit);
          graph = Optional.of(new Span(start, position()));
        } else if (isMessage(tag, MODEL_OPSET)) {
          opset();
        } else {
          skip(tag);
        }
        start = position();
      }
    }

    private void opset() throws IOException {
      int limit = push();
      String domain = "";
      int version = 0;
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, OPSET_DOMAIN)) {
          domain = in.readString();
        } else if (tag == (OPSET_VERSION << 3)) {
          version = (int) in.readInt64();
        } else {
          skip(tag);
        }
      }
      in.popLimit(limit);
      if (domain.isEmpty() || domain.equals("ai.onnx")) {
        opset = version;
      }
    }

    private void graph() throws IOException {
      for (int start = position(), tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, GRAPH_NODE)) {
          NodeFields node = node(1);
          parts.add(
              new Part.Node(new Span(start, position()), node.operator, node.inputs, node.outputs));
        } else if (isMessage(tag, GRAPH_INITIALIZER)) {
          TensorFields tensor = tensor();
          parts.add(
              new Part.Initializer(new Span(start, position()), tensor.name, tensor.external()));
        } else if (isMessage(tag, GRAPH_INPUT)) {
          ValueFields value = value();
          parts.add(
              new Part.Input(
                  new Span(start, position()), value.name, value.type, List.copyOf(value.shape)));
        } else if (isMessage(tag, GRAPH_OUTPUT)) {
          String name = value().name;
          parts.add(new Part.Output(new Span(start, position()), name));
        } else {
          skip(tag);
          parts.add(new Part.Other(new Span(start, position())));
        }
        start = position();
      }
    }

    private static final class NodeFields {
      private final List<String> inputs = new ArrayList<>();
      private final List<String> outputs = new ArrayList<>();
      private String operator = "";
    }

    private NodeFields node(int depth) throws IOException {
      if (depth > MAX_DEPTH) {
        throw new IOException("messages nest deeper than " + MAX_DEPTH);
      }
      int limit = push();
      NodeFields node = new NodeFields();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, NODE_INPUT)) {
          node.inputs.add(in.readString());
        } else if (isMessage(tag, NODE_OUTPUT)) {
          node.outputs.add(in.readString());
        } else if (isMessage(tag, NODE_OP_TYPE)) {
          node.operator = in.readString();
          dynamic |= node.operator.startsWith("DynamicQuantize");
        } else if (isMessage(tag, NODE_ATTRIBUTE)) {
          attribute(node, depth);
        } else {
          skip(tag);
        }
      }
      in.popLimit(limit);
      return node;
    }

    private void attribute(NodeFields node, int depth) throws IOException {
      int limit = push();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, ATTRIBUTE_TENSOR)) {
          tensor();
        } else if (isMessage(tag, ATTRIBUTE_GRAPH)) {
          node.inputs.addAll(inner(depth + 1));
        } else {
          skip(tag);
        }
      }
      in.popLimit(limit);
    }

    /** Names that a graph within a node may take from outside: all that its nodes take. */
    private Set<String> inner(int depth) throws IOException {
      int limit = push();
      Set<String> taken = new HashSet<>();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, GRAPH_NODE)) {
          taken.addAll(node(depth + 1).inputs);
        } else if (isMessage(tag, GRAPH_INITIALIZER)) {
          tensor();
        } else if (isMessage(tag, GRAPH_OUTPUT)) {
          taken.add(value().name);
        } else {
          skip(tag);
        }
      }
      in.popLimit(limit);
      return taken;
    }

    private static final class TensorFields {
      private final Map<String, String> entries = new HashMap<>();
      private final List<Long> shape = new ArrayList<>();
      private String name = "";
      private int type;

      Optional<External> external() throws IOException {
        String file = entries.get("location");
        if (file == null) {
          return Optional.empty();
        }
        try {
          return Optional.of(
              new External(
                  file,
                  Long.parseLong(entries.getOrDefault("offset", "0")),
                  Long.parseLong(entries.getOrDefault("length", "-1")),
                  type,
                  shape.stream().mapToLong(Long::longValue).toArray()));
        } catch (NumberFormatException e) {
          throw new IOException("external data of " + name + ": " + entries, e);
        }
      }
    }

    private TensorFields tensor() throws IOException {
      int limit = push();
      TensorFields tensor = new TensorFields();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, TENSOR_EXTERNAL_DATA)) {
          entry(tensor.entries);
        } else if (isMessage(tag, TENSOR_NAME)) {
          tensor.name = in.readString();
        } else if (isMessage(tag, TENSOR_DIMENSION)) {
          int packed = push();
          while (in.getBytesUntilLimit() > 0) {
            tensor.shape.add(in.readInt64());
          }
          in.popLimit(packed);
        } else if (tag == (TENSOR_DIMENSION << 3)) {
          tensor.shape.add(in.readInt64());
        } else if (tag == (TENSOR_TYPE << 3)) {
          tensor.type = in.readInt32();
        } else {
          skip(tag);
        }
      }
      in.popLimit(limit);
      String file = tensor.entries.get("location");
      if (file != null) {
        files.add(file);
      }
      return tensor;
    }

    private void entry(Map<String, String> entries) throws IOException {
      int limit = push();
      String key = "";
      String value = "";
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, ENTRY_KEY)) {
          key = in.readString();
        } else if (isMessage(tag, ENTRY_VALUE)) {
          value = in.readString();
        } else {
          skip(tag);
        }
      }
      in.popLimit(limit);
      entries.put(key, value);
    }

    private static final class ValueFields {
      private final List<Long> shape = new ArrayList<>();
      private String name = "";
      private int type;
    }

    private ValueFields value() throws IOException {
      int limit = push();
      ValueFields value = new ValueFields();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, VALUE_NAME)) {
          value.name = in.readString();
        } else if (isMessage(tag, VALUE_TYPE)) {
          within(TYPE_TENSOR, () -> tensorType(value));
        } else {
          skip(tag);
        }
      }
      in.popLimit(limit);
      return value;
    }

    private void tensorType(ValueFields value) throws IOException {
      int limit = push();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag == (TENSOR_TYPE_NUMBERS << 3)) {
          value.type = in.readInt32();
        } else if (isMessage(tag, TENSOR_TYPE_SHAPE)) {
          within(SHAPE_DIMENSION, () -> value.shape.add(dimension()));
        } else {
          skip(tag);
        }
      }
      in.popLimit(limit);
    }

    private long dimension() throws IOException {
      int limit = push();
      long side = -1;
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag == (DIMENSION_VALUE << 3)) {
          side = in.readInt64();
        } else {
          skip(tag);
        }
      }
      in.popLimit(limit);
      return side;
    }

    private interface Reader {
      void read() throws IOException;
    }

    /** Reads the messages of one field within a message. */
    private void within(int field, Reader reader) throws IOException {
      int limit = push();
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (isMessage(tag, field)) {
          reader.read();
        } else {
          skip(tag);
        }
      }
      in.popLimit(limit);
    }

    private static boolean isMessage(int tag, int field) {
      return tag == (field << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED);
    }

    private int push() throws IOException {
      return in.pushLimit(in.readRawVarint32());
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
