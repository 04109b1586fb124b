package dev.lookalike.embed.model.folder;

import dev.lookalike.embed.model.runtime.Models;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The model that is there when none is given: a small network for photographs, which {@code
 * training/default-model} trains. It comes with the service; written into a folder of its own for
 * loading, and closing it removes the folder.
 */
public final class BuiltInModel implements AutoCloseable {
  /** What it is called in collections and answers. A network with other weights has another id. */
  public static final String ID = "lookalike-256";

  private static final List<String> FILES =
      List.of("model.onnx", "preprocessor_config.json", "lookalike-model.json");

  private final Path folder;

  private BuiltInModel(Path folder) {
    this.folder = folder;
  }

  /** Writes the folder. */
  public static BuiltInModel write() throws IOException {
    Path folder = Files.createTempDirectory("lookalike-model");
    for (String file : FILES) {
      try (InputStream content = BuiltInModel.class.getResourceAsStream("/model/" + file)) {
        if (content == null) {
          throw new IOException("no /model/" + file + " in the service");
        }
        Files.copy(content, folder.resolve(file));
      }
    }
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
