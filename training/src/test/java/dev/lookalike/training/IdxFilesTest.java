package dev.lookalike.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxFilesTest {
  @TempDir Path folder = Path.of("");

  @Test
  void plainAndZippedFilesAreRead() throws IOException {
    IdxSamples.write(folder, "train", ".gz", "-", 30);
    IdxSamples.write(folder, "t10k", "", ".", 10);
    LabelledImages.Parts parts = IdxFiles.folder(folder, 1);
    assertThat(parts.train().count()).isEqualTo(30);
    assertThat(parts.test().count()).isEqualTo(10);
    assertThat(parts.train().shape()).isEqualTo(new InputShape(1, 20, 18));
    assertThat(parts.train().classes()).containsExactly("0", "1", "2");
    assertThat(parts.train().labels()).startsWith(0, 1, 2, 0);
    assertThat(parts.train().pixels()[4]).isEqualTo(IdxSamples.image(4));
    assertThat(parts.train().image(0)[255]).isEqualTo(1f);
  }

  @Test
  void withoutTestFilesASeventhIsHeldOut() throws IOException {
    IdxSamples.write(folder, "train", "", "-", 42);
    LabelledImages.Parts parts = IdxFiles.folder(folder, 1);
    assertThat(parts.train().perClass()).containsExactly(12, 12, 12);
    assertThat(parts.test().perClass()).containsExactly(2, 2, 2);
  }

  @Test
  void whatIsWrongIsSaidWithTheFile() throws IOException {
    assertThatThrownBy(() -> IdxFiles.folder(folder, 1))
        .hasMessageContaining("there is no file train-images-idx3-ubyte");
    IdxSamples.write(folder, "train", "", "-", 9);
    Path images = folder.resolve("train-images-idx3-ubyte");
    Path labels = folder.resolve("train-labels-idx1-ubyte");
    byte[] whole = Files.readAllBytes(images);
    Files.write(images, Arrays.copyOf(whole, whole.length - 1));
    assertThatThrownBy(() -> IdxFiles.folder(folder, 1))
        .isInstanceOf(TrainingFailure.class)
        .hasMessage(images + ": it ends before its last entry");
    Files.write(images, Files.readAllBytes(labels));
    assertThatThrownBy(() -> IdxFiles.folder(folder, 1))
        .hasMessage(images + ": expected the idx magic 00000803, found 00000801");
    byte[] tooMany = whole.clone();
    tooMany[4] = 0x7f;
    Files.write(images, tooMany);
    assertThatThrownBy(() -> IdxFiles.folder(folder, 1)).hasMessageContaining("entries, found");
    Files.write(images, whole);
    IdxSamples.writeLabels(labels, 8);
    assertThatThrownBy(() -> IdxFiles.folder(folder, 1)).hasMessageContaining("8 labels for the 9");
  }
}
