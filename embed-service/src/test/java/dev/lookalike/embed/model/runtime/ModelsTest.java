package dev.lookalike.embed.model.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.embed.model.ModelFailedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders that come, go and change while models are served. */
class ModelsTest {
  @TempDir Path work;
  private Path exports;
  private Path directory;
  private Models models;

  @BeforeEach
  void unpack() throws IOException {
    exports = Files.createDirectory(work.resolve("exports"));
    ExportsTest.unpackTo(exports);
    old(exports);
    directory = Files.createDirectory(work.resolve("models"));
    models = Models.load(List.of(exports.resolve("resnet-features")), 1);
  }

  @AfterEach
  void close() {
    models.close();
  }

  /** As if it had been there for a while. */
  private static void old(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      files.forEach(
          file -> {
            try {
              Files.setLastModifiedTime(
                  file, FileTime.fromMillis(System.currentTimeMillis() - 60_000));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  private List<String> ids() {
    return models.served().stream().map(model -> model.reference().getId()).toList();
  }

  private boolean look() {
    return models.look(Optional.of(directory));
  }

  @Test
  void aFolderThatIsRenamedInIsServed() throws IOException {
    assertThat(look()).isFalse();
    Files.move(exports.resolve("vit-classes"), directory.resolve("vit-classes"));
    assertThat(look()).isTrue();
    assertThat(ids()).containsExactly("resnet-features", "vit-classes");
    assertThat(models.named("")).as("the default stays").hasValue(models.served().getFirst());
    assertThat(look()).as("once").isFalse();
  }

  @Test
  void aFolderThatIsBeingFilledWaitsAndARefusedOneIsTriedAgain() throws IOException {
    Path slow = Files.createDirectory(directory.resolve("slow"));
    Path graph = exports.resolve("vit-features").resolve("model.onnx");
    byte[] bytes = Files.readAllBytes(graph);
    Files.write(slow.resolve("model.onnx"), Arrays.copyOf(bytes, bytes.length / 2));
    assertThat(look()).isFalse();
    assertThat(models.refused()).as("somebody still writes to it").isEmpty();
    old(slow);
    assertThat(look()).isFalse();
    assertThat(models.refused()).hasSize(1);
    assertThat(models.refused().getFirst().reason()).contains("preprocessor_config.json");
    Files.write(slow.resolve("model.onnx"), bytes);
    Files.copy(
        exports.resolve("vit-features/preprocessor_config.json"),
        slow.resolve("preprocessor_config.json"));
    old(slow);
    // Other times than before, by a second.
    Files.setLastModifiedTime(
        slow.resolve("model.onnx"), FileTime.fromMillis(System.currentTimeMillis() - 30_000));
    assertThat(look()).isTrue();
    assertThat(ids()).contains("slow");
    assertThat(models.refused()).isEmpty();
  }

  @Test
  void aRefusedFolderThatGoesIsForgotten() throws IOException {
    Path broken = Files.createDirectory(directory.resolve("broken"));
    Files.writeString(broken.resolve("model.onnx"), "no graph");
    old(broken);
    look();
    assertThat(models.refused()).hasSize(1);
    Files.delete(broken.resolve("model.onnx"));
    Files.delete(broken);
    look();
    assertThat(models.refused()).isEmpty();
  }

  @Test
  void anIdThatIsServedIsNotServedTwice() throws IOException {
    Path twin = directory.resolve("resnet-features");
    Files.createDirectory(twin);
    for (String file : List.of("model.onnx", "preprocessor_config.json", "config.json")) {
      Files.copy(exports.resolve("resnet-features").resolve(file), twin.resolve(file));
    }
    old(twin);
    assertThat(look()).isFalse();
    assertThat(models.refused().getFirst().reason()).contains("id", "resnet-features again");
  }

  @Test
  void hiddenFoldersAndLooseFilesAreLeftAlone() throws IOException {
    Files.move(exports.resolve("vit-classes"), directory.resolve(".partial"));
    Files.writeString(directory.resolve("notes.txt"), "not a model");
    assertThat(look()).isFalse();
    assertThat(models.refused()).isEmpty();
  }

  @Test
  void otherWeightsUnderTheSameNameAreToldAndNotServed() throws Exception {
    OnnxModel served = models.served().getFirst();
    String digest = served.reference().getDigest();
    float[] before = embedding(served);
    Files.copy(
        exports.resolve("resnet-features/model_int8.onnx"),
        exports.resolve("resnet-features/model.onnx"),
        StandardCopyOption.REPLACE_EXISTING);
    Files.setLastModifiedTime(
        exports.resolve("resnet-features/model.onnx"),
        FileTime.fromMillis(System.currentTimeMillis() - 30_000));
    assertThat(look()).isFalse();
    assertThat(models.change(served)).isPresent();
    assertThat(models.change(served).orElseThrow())
        .contains("other weights", digest.substring(0, 12));
    assertThat(embedding(served)).isEqualTo(before);
    assertThat(served.reference().getDigest()).isEqualTo(digest);
  }

  /** ONNX Runtime would have mapped this file. */
  @Test
  void externalWeightsThatAreWrittenOverOrCutOffChangeNothing() throws Exception {
    Files.move(exports.resolve("vit-external"), directory.resolve("vit-external"));
    assertThat(look()).isTrue();
    OnnxModel served = models.named("vit-external").orElseThrow();
    float[] before = embedding(served);
    Path data = directory.resolve("vit-external/onnx/model.onnx_data");
    Files.write(data, new byte[(int) Files.size(data)], StandardOpenOption.WRITE);
    assertThat(embedding(served)).isEqualTo(before);
    try (FileChannel channel = FileChannel.open(data, StandardOpenOption.WRITE)) {
      channel.truncate(100);
    }
    assertThat(embedding(served)).isEqualTo(before);
    old(directory.resolve("vit-external"));
    look();
    assertThat(models.change(served).orElseThrow())
        .contains("external data model.onnx_data", "100 bytes");
  }

  private static float[] embedding(OnnxModel model) throws ModelFailedException {
    PixelBuffer pixels = model.buffer(1);
    ExportsTest.pixels(1, pixels.floats(), 0);
    return model.infer(pixels, 0, 1).getFirst().embedding();
  }
}
