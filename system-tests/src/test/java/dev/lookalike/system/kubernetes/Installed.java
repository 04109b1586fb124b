package dev.lookalike.system.kubernetes;

import dev.lookalike.engines.EngineFolder;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Programs that are there. */
final class Installed {
  private Installed() {}

  /** One that {@code scripts/engines} has put there under its own name. */
  static Optional<Path> engine(String name) {
    Path engines = EngineFolder.path();
    if (!Files.isDirectory(engines)) {
      return Optional.empty();
    }
    try (Stream<Path> installed = Files.list(engines)) {
      return installed
          .filter(each -> each.getFileName().toString().startsWith(name + "-"))
          .map(each -> each.resolve(name))
          .filter(Files::isExecutable)
          .max(Path::compareTo);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Optional<Path> onPath(String name) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
