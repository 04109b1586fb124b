package dev.lookalike.embed.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The model that is there when none is given: a descriptor of shape and colour, computed by a graph
 * that is written here and not trained. Written into a folder of its own for loading; closing it
 * removes the folder.
 */
public final class BuiltInModel implements AutoCloseable {
  private static final String PROCESSOR =
      """
      {"id": "descriptor", "version": "1", "output": "embedding",
       "preprocessing": {
         "image_processor_type": "ViTImageProcessor",
         "size": {"height": 98, "width": 98}, "resample": 2,
         "do_rescale": true, "rescale_factor": 0.00392156862745098, "do_normalize": false}}
      """;

  private final Path folder;

  private BuiltInModel(Path folder) {
    this.folder = folder;
  }

  /** Writes the folder. */
  public static BuiltInModel write() throws IOException {
    Path folder = Files.createTempDirectory("lookalike-model");
    Files.write(folder.resolve("model.onnx"), Descriptor.graph());
    Files.writeString(folder.resolve("lookalike-model.json"), PROCESSOR);
    return new BuiltInModel(folder);
  }

  /** For {@link Models#load}. */
  public Path folder() {
    return folder;
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : List.copyOf(files.toList())) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
