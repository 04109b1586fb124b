package dev.lookalike.system;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Test data that may lie beside the project: a real network and real photographs. Tests that need
 * it are skipped without it, and say so.
 */
final class SharedData {
  private static final Path SHARED =
      Path.of(
              System.getProperty(
                  "lookalike.shared", RunningSystem.ROOT.resolve("../shared").toString()))
          .toAbsolutePath()
          .normalize();

  private SharedData() {}

  /** Model folder of MobileNetV2, with reference vectors. */
  static Optional<Path> mobileNet() {
    return folder("models/mobilenet-v2");
  }

  /** 3,781 product photographs in ten classes. */
  static Optional<Path> clothing() {
    return folder("images/clothing");
  }

  /** Hostile, broken and odd image files. */
  static Optional<Path> robustness() {
    return folder("robustness");
  }

  private static Optional<Path> folder(String name) {
    Path path = SHARED.resolve(name);
    return Files.isDirectory(path) ? Optional.of(path) : Optional.empty();
  }
}
