package dev.lookalike.embed.model.graph;

import dev.lookalike.embed.model.graph.GraphFile.Part;
import dev.lookalike.embed.preprocess.Preprocessor;
import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * Nodes in front of a graph that make its input of 8-bit pixels: {@code [n, height, width, 3]},
 * RGB, a quarter of the bytes of float32. Rescaling and normalising are one look into the very
 * table that {@link Preprocessor} uses, so the graph gets the same numbers to the last bit, and
 * embeddings made either way belong to one build.
 *
 * @param replaced the graph's own input, which becomes a tensor within it
 * @param fields of the main graph
 */
public record PixelPrefix(String replaced, byte[] fields) {
  /** The new input. */
  public static final String INPUT = "lookalike.pixels";

  private static final String NAMES = "lookalike.";

  /** Operators that broadcast as they do today. */
  private static final int LEAST_OPSET = 7;

  private static final int LEVELS = 256;

  /**
   * Empty where it cannot be: the graph takes 8-bit pixels already, has another shape (and will be
   * refused), is of an ancient version, or where the area that an image fills depends on the image.
   */
  public static Optional<PixelPrefix> of(GraphFile graph, String input, Preprocessor preprocessor) {
    Part.Input replaced = graph.input(input);
    boolean floats = replaced.type() == OnnxGraph.FLOAT || replaced.type() == OnnxGraph.FLOAT16;
    boolean free =
        graph.producers().keySet().stream().noneMatch(name -> name.startsWith(NAMES))
            && !input.startsWith(NAMES);
    if (!floats || !free || graph.opset() < LEAST_OPSET || replaced.shape().size() != 4) {
      return Optional.empty();
    }
    return preprocessor
        .pixels()
        .map(pixels -> new PixelPrefix(input, fields(replaced, preprocessor.output(), pixels)));
  }

  private static byte[] fields(Part.Input replaced, Extent output, Preprocessor.Pixels pixels) {
    OnnxGraph graph = new OnnxGraph("pixels");
    graph.input(
        OnnxGraph.UINT8, INPUT, replaced.shape().getFirst(), output.height(), output.width(), 3);
    String planes =
        graph.node(
            "Transpose",
            NAMES + "planes",
            List.of(INPUT),
            OnnxGraph.integers("perm", 0L, 3L, 1L, 2L));
    if (pixels.bgr()) {
      String order = graph.constant(NAMES + "order", OnnxGraph.INT64, longs(2, 1, 0), 3);
      planes =
          graph.node(
              "Gather", NAMES + "reversed", List.of(planes, order), OnnxGraph.integer("axis", 1));
    }
    String levels =
        graph.node(
            "Cast", NAMES + "levels", List.of(planes), OnnxGraph.integer("to", OnnxGraph.INT32));
    String places =
        graph.node("Add", NAMES + "places", List.of(levels, starts(graph, output, pixels)));
    boolean half = replaced.type() == OnnxGraph.FLOAT16;
    String table =
        graph.constant(
            NAMES + "table",
            half ? OnnxGraph.FLOAT16 : OnnxGraph.FLOAT,
            half ? halves(pixels.values()) : floats(pixels.values()),
            3 * LEVELS + 1);
    graph.node("Gather", replaced.name(), List.of(table, places), OnnxGraph.integer("axis", 0));
    return graph.fields();
  }

  /**
   * Where a plane begins in the table: for each plane, or each number where zeros surround them.
   */
  private static String starts(OnnxGraph graph, Extent output, Preprocessor.Pixels pixels) {
    if (pixels.area().equals(output)) {
      return graph.constant(
          NAMES + "starts", OnnxGraph.INT32, ints(0, LEVELS, 2 * LEVELS), 1, 3, 1, 1);
    }
    int[] starts = new int[3 * output.height() * output.width()];
    int at = 0;
    for (int plane = 0; plane < 3; plane++) {
      for (int y = 0; y < output.height(); y++) {
        for (int x = 0; x < output.width(); x++) {
          boolean within = y < pixels.area().height() && x < pixels.area().width();
          starts[at++] = within ? plane * LEVELS : 3 * LEVELS;
        }
      }
    }
    return graph.constant(
        NAMES + "starts", OnnxGraph.INT32, ints(starts), 1, 3, output.height(), output.width());
  }

  private static ByteBuffer room(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] ints(int... values) {
    ByteBuffer raw = room(values.length * Integer.BYTES);
    raw.asIntBuffer().put(values);
    return raw.array();
  }

  private static byte[] longs(long... values) {
    ByteBuffer raw = room(values.length * Long.BYTES);
    raw.asLongBuffer().put(values);
    return raw.array();
  }

  /** Plane after plane, then the zero around them. */
  private static byte[] floats(float[][] planes) {
    ByteBuffer raw = room((3 * LEVELS + 1) * Float.BYTES);
    for (float[] plane : planes) {
      for (float value : plane) {
        raw.putFloat(value);
      }
    }
    return raw.array();
  }

  private static byte[] halves(float[][] planes) {
    ByteBuffer raw = room((3 * LEVELS + 1) * Short.BYTES);
    for (float[] plane : planes) {
      for (float value : plane) {
        raw.putShort(Float.floatToFloat16(value));
      }
    }
    return raw.array();
  }
}
