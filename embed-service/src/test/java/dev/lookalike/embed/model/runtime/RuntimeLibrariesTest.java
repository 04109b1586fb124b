package dev.lookalike.embed.model.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeLibrariesTest {
  private final Optional<String> chosen =
      Optional.ofNullable(System.getProperty(RuntimeLibraries.CHOSEN));
  private final Optional<String> directory =
      Optional.ofNullable(System.getProperty(RuntimeLibraries.DIRECTORY));

  @TempDir private Path caches;

  @BeforeEach
  void nothingChosen() {
    System.clearProperty(RuntimeLibraries.CHOSEN);
    System.setProperty(RuntimeLibraries.DIRECTORY, caches.toString());
  }

  @AfterEach
  void restore() {
    restore(RuntimeLibraries.CHOSEN, chosen);
    restore(RuntimeLibraries.DIRECTORY, directory);
  }

  private static void restore(String property, Optional<String> value) {
    value.ifPresentOrElse(
        text -> System.setProperty(property, text), () -> System.clearProperty(property));
  }

  @Test
  void unpacksOnceAndWhole() throws IOException {
    RuntimeLibraries.prepare();
    Path first = Path.of(System.getProperty(RuntimeLibraries.CHOSEN));
    assertThat(first).hasParent(caches);
    Path library = first.resolve("libonnxruntime.so");
    assertThat(Files.size(library)).isGreaterThan(10_000_000);
    assertThat(first.resolve("libonnxruntime4j_jni.so")).isNotEmptyFile();
    FileTime written = Files.getLastModifiedTime(library);

    System.clearProperty(RuntimeLibraries.CHOSEN);
    RuntimeLibraries.prepare();
    assertThat(System.getProperty(RuntimeLibraries.CHOSEN)).isEqualTo(first.toString());
    assertThat(Files.getLastModifiedTime(library)).isEqualTo(written);
    try (Stream<Path> left = Files.list(caches)) {
      assertThat(left).containsExactly(first);
    }
  }

  @Test
  void leavesAChoiceOfLibrariesAlone() {
    System.setProperty(RuntimeLibraries.CHOSEN, "/opt/onnxruntime");
    RuntimeLibraries.prepare();
    assertThat(System.getProperty(RuntimeLibraries.CHOSEN)).isEqualTo("/opt/onnxruntime");
    assertThat(caches).isEmptyDirectory();
  }

  @Test
  void leavesUnpackingToTheRuntimeWhereTheDirectoryCannotBeWritten() throws IOException {
    Path file = Files.writeString(caches.resolve("file"), "in the way");
    System.setProperty(RuntimeLibraries.DIRECTORY, file.toString());
    RuntimeLibraries.prepare();
    assertThat(System.getProperty(RuntimeLibraries.CHOSEN)).isNull();
  }
}
