package dev.lookalike.embed.model.graph;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Writes a small ONNX graph, or the beginning of another one; the same bytes for the same calls.
 * Field numbers are those of onnx.proto3 (ONNX 1.19); opset 17.
 */
public final class OnnxGraph {
  /** {@code TensorProto.DataType}. */
  public static final int FLOAT = 1;

  public static final int UINT8 = 2;
  public static final int INT32 = 6;
  public static final int INT64 = 7;
  public static final int FLOAT16 = 10;

  private static final int IR_VERSION = 8;
  private static final int OPSET = 17;

  private final String name;
  private final ByteArrayOutputStream nodes = new ByteArrayOutputStream();
  private final ByteArrayOutputStream initializers = new ByteArrayOutputStream();
  private final ByteArrayOutputStream inputs = new ByteArrayOutputStream();
  private final ByteArrayOutputStream outputs = new ByteArrayOutputStream();

  /**
   * An attribute of a node.
   *
   * @param value the fields of its value and type
   */
  public record Attribute(String name, Writer value) {}

  public interface Writer {
    void write(CodedOutputStream out) throws IOException;
  }

  public OnnxGraph(String name) {
    this.name = name;
  }

  public static Attribute integer(String name, long value) {
    return new Attribute(
        name,
        out -> {
          out.writeInt64(3, value);
          out.writeInt32(20, 2);
        });
  }

  public static Attribute integers(String name, Long... values) {
    return new Attribute(
        name,
        out -> {
          for (long value : values) {
            out.writeInt64(8, value);
          }
          out.writeInt32(20, 7);
        });
  }

  /** A float32 input; a dimension of -1 is called N. */
  public void input(String name, long... shape) {
    input(FLOAT, name, shape);
  }

  /** An input of numbers of a type; a dimension of -1 is called N. */
  public void input(int type, String name, long... shape) {
    message(inputs, 11, out -> value(out, name, type, shape));
  }

  /** A float32 output. */
  public void output(String name, long... shape) {
    message(outputs, 12, out -> value(out, name, FLOAT, shape));
  }

  /** A constant of float32 numbers; returns its name. */
  public String floats(String name, float[] values, long... shape) {
    ByteBuffer raw = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(values);
    message(initializers, 5, out -> tensor(out, name, FLOAT, raw.array(), shape));
    return name;
  }

  /**
   * A constant as a node, which a graph of any version takes; returns its name.
   *
   * @param raw little-endian
   */
  public String constant(String name, int type, byte[] raw, long... shape) {
    byte[] tensor = bytes(out -> tensor(out, "", type, raw, shape));
    return node(
        "Constant",
        name,
        List.of(),
        new Attribute(
            "value",
            out -> {
              out.writeByteArray(5, tensor);
              out.writeInt32(20, 4);
            }));
  }

  /** A node with one output; returns the output's name. */
  public String node(String operator, String output, List<String> from, Attribute... attributes) {
    message(
        nodes,
        1,
        out -> {
          for (String input : from) {
            out.writeString(1, input);
          }
          out.writeString(2, output);
          out.writeString(4, operator);
          for (Attribute attribute : attributes) {
            out.writeByteArray(
                5,
                bytes(
                    inner -> {
                      inner.writeString(1, attribute.name());
                      attribute.value().write(inner);
                    }));
          }
        });
    return output;
  }

  /** The whole model. */
  public byte[] toByteArray() {
    return bytes(
        out -> {
          out.writeInt64(1, IR_VERSION);
          out.writeString(2, "lookalike");
          out.writeByteArray(
              7,
              bytes(
                  graph -> {
                    graph.writeRawBytes(nodes.toByteArray());
                    graph.writeString(2, name);
                    graph.writeRawBytes(initializers.toByteArray());
                    graph.writeRawBytes(inputs.toByteArray());
                    graph.writeRawBytes(outputs.toByteArray());
                  }));
          out.writeByteArray(8, bytes(opset -> opset.writeInt64(2, OPSET)));
        });
  }

  /** The fields of the graph alone, to stand in front of those of another one. */
  public byte[] fields() {
    return bytes(this::fields);
  }

  private void fields(CodedOutputStream graph) throws IOException {
    graph.writeRawBytes(nodes.toByteArray());
    graph.writeRawBytes(initializers.toByteArray());
    graph.writeRawBytes(inputs.toByteArray());
    graph.writeRawBytes(outputs.toByteArray());
  }

  private static void tensor(
      CodedOutputStream out, String name, int type, byte[] raw, long... shape) throws IOException {
    for (long side : shape) {
      out.writeInt64(1, side);
    }
    out.writeInt32(2, type);
    out.writeString(8, name);
    out.writeByteArray(9, raw);
  }

  private static void value(CodedOutputStream out, String name, int type, long... shape)
      throws IOException {
    byte[] dimensions =
        bytes(
            inner -> {
              for (long side : shape) {
                inner.writeByteArray(
                    1,
                    bytes(
                        dimension -> {
                          if (side < 0) {
                            dimension.writeString(2, "N");
                          } else {
                            dimension.writeInt64(1, side);
                          }
                        }));
              }
            });
    byte[] tensor =
        bytes(
            inner -> {
              inner.writeInt32(1, type);
              inner.writeByteArray(2, dimensions);
            });
    out.writeString(1, name);
    out.writeByteArray(2, bytes(inner -> inner.writeByteArray(1, tensor)));
  }

  private static void message(ByteArrayOutputStream target, int field, Writer writer) {
    target.writeBytes(bytes(out -> out.writeByteArray(field, bytes(writer))));
  }

  private static byte[] bytes(Writer writer) {
    ByteArrayOutputStream target = new ByteArrayOutputStream();
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(target);
      writer.write(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return target.toByteArray();
  }
}
