package dev.lookalike.embed.model.runtime;

import dev.lookalike.embed.model.graph.OnnxGraph;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Small real models that fail in one way; they take 8 x 8 pixels as they are, 0 to 255. */
public final class TestModels {
  private static final int SIDE = 8;

  private TestModels() {}

  /** Fails on more than two images at once, as one does whose device has no more memory. */
  public static Path failsBeyondTwo(Path folder) throws IOException {
    OnnxGraph graph = graph();
    graph.node(
        "Shape",
        "images",
        List.of("pixels"),
        OnnxGraph.integer("start", 0),
        OnnxGraph.integer("end", 1));
    graph.node("Sub", "last", List.of("images", graph.constant("one", OnnxGraph.INT64, one(), 1)));
    return embedded(graph, "last", 2, folder);
  }

  /** Fails on an image with a pixel of 255, and on every batch with one. */
  public static Path failsOnWhite(Path folder) throws IOException {
    OnnxGraph graph = graph();
    graph.node("ReduceMax", "brightest", List.of("pixels"), OnnxGraph.integer("keepdims", 0));
    graph.node("Cast", "level", List.of("brightest"), OnnxGraph.integer("to", OnnxGraph.INT64));
    return embedded(graph, "level", 255, folder);
  }

  /** Gives NaN for an image with a pixel above 200, and numbers for the pattern at its start. */
  public static Path notFiniteOnBright(Path folder) throws IOException {
    OnnxGraph graph = graph();
    graph.node("Sub", "dark", List.of(graph.floats("limit", new float[] {200}, 1), "pixels"));
    graph.node("Sqrt", "root", List.of("dark"));
    graph.node("Flatten", "embedding", List.of("root"));
    return written(graph, folder);
  }

  /** Gives NaN always: the root of what is negative. */
  public static Path notFinite(Path folder) throws IOException {
    OnnxGraph graph = graph();
    graph.node("Sub", "dark", List.of(graph.floats("limit", new float[] {-1}, 1), "pixels"));
    graph.node("Sqrt", "root", List.of("dark"));
    graph.node("Flatten", "embedding", List.of("root"));
    return written(graph, folder);
  }

  private static OnnxGraph graph() {
    OnnxGraph graph = new OnnxGraph("test");
    graph.input("pixels", -1, 3, SIDE, SIDE);
    return graph;
  }

  private static byte[] one() {
    return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 1).array();
  }

  /** The pixels, plus a zero that is looked for in a table of so many: beyond it the run fails. */
  private static Path embedded(OnnxGraph graph, String index, int zeros, Path folder)
      throws IOException {
    graph.node("Gather", "zero", List.of(graph.floats("zeros", new float[zeros], zeros), index));
    graph.node("Flatten", "flat", List.of("pixels"));
    graph.node("Add", "embedding", List.of("flat", "zero"));
    return written(graph, folder);
  }

  private static Path written(OnnxGraph graph, Path folder) throws IOException {
    graph.output("embedding", -1, 3 * SIDE * SIDE);
    Files.createDirectories(folder);
    Files.write(folder.resolve("model.onnx"), graph.toByteArray());
    Files.writeString(
        folder.resolve("preprocessor_config.json"),
        "{\"image_processor_type\": \"ViTImageProcessor\", \"size\": {\"height\": 8, \"width\": 8},"
            + " \"do_rescale\": false, \"do_normalize\": false}");
    return folder;
  }
}
