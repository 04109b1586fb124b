package dev.lookalike.cli.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.Ports;
import dev.lookalike.cli.home.Settings;
import dev.lookalike.cli.terminal.CommandFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveTest {

  @TempDir Path directory;
  private Path file = Path.of("");

  @BeforeEach
  void write() throws IOException {
    Home home = new Home(directory.resolve("home"));
    home.open();
    Files.createDirectories(home.kafka().resolve("topic-0"));
    Files.writeString(home.kafka().resolve("topic-0/0.log"), "records");
    Files.writeString(home.kafka().resolve(".lock"), "");
    Files.createDirectories(home.blobs().resolve("aa"));
    Files.write(home.blobs().resolve("aa/blob"), new byte[100_000]);
    Files.createDirectories(home.index());
    Files.writeString(home.index().resolve("segment"), "rebuilt from the log");
    Path model = Files.createDirectories(directory.resolve("models/tiny"));
    Files.writeString(model.resolve("model.onnx"), "graph");
    new Settings(List.of(model, Path.of("builtin")), Ports.of(8_700, Map.of()), Optional.empty())
        .write(home);
    file = directory.resolve("backup.zip");
    Archive.Contents contents = Archive.write(home, file);
    assertThat(contents.files()).isEqualTo(4);
  }

  @Test
  void stateComesBackWithItsModelsAndWithoutTheIndex() throws IOException {
    Home home = new Home(directory.resolve("restored"));
    Files.createDirectories(home.directory());
    Archive.read(file, home);
    assertThat(home.kafka().resolve("topic-0/0.log")).hasContent("records");
    assertThat(home.kafka().resolve(".lock")).doesNotExist();
    assertThat(home.blobs().resolve("aa/blob")).hasSize(100_000);
    assertThat(home.index()).doesNotExist();
    List<Path> models = Settings.read(home).models();
    assertThat(models).hasSize(2).contains(Path.of("builtin"));
    assertThat(models.getFirst().resolve("model.onnx")).hasContent("graph");
  }

  @Test
  void whatIsNotAsTheManifestSaysIsRefused() throws IOException {
    try (FileSystem zip = FileSystems.newFileSystem(file)) {
      Files.write(zip.getPath("kafka/topic-0/0.log"), "recordz".getBytes(StandardCharsets.UTF_8));
    }
    refused("does not match its manifest");
    try (FileSystem zip = FileSystems.newFileSystem(file)) {
      Files.delete(zip.getPath("kafka/topic-0/0.log"));
    }
    refused("missing");
    try (FileSystem zip = FileSystems.newFileSystem(file)) {
      Files.writeString(zip.getPath("more"), "x");
    }
    refused("not in its manifest");
    try (FileSystem zip = FileSystems.newFileSystem(file)) {
      Files.delete(zip.getPath("manifest.json"));
    }
    refused("no manifest");
    Files.writeString(file, "no zip");
    refused("not a complete backup");
  }

  private void refused(String why) throws IOException {
    Home home = new Home(Files.createTempDirectory(directory, "refused"));
    assertThatThrownBy(() -> Archive.read(file, home))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining(why);
  }
}
