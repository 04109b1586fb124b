package dev.lookalike.cli.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelledFoldersTest {

  @TempDir Path directory;

  private Path write(String name, String content) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private static List<String> labels(LabelledFolders folders) {
    return folders.images().stream().map(LabelledImage::label).toList();
  }

  @Test
  void theFirstFolderIsTheClassHoweverDeepAFileLies() throws IOException {
    write("shop/hat/1.jpg", "one");
    write("shop/hat/old/2.jpg", "two");
    write("shop/shoe/3.jpg", "three");
    Path beside = write("shop/README", "text");
    write("shop/.git/config", "hidden");
    write("shop/shoe/.DS_Store", "hidden");

    LabelledFolders folders = LabelledFolders.read(List.of(directory.resolve("shop")), false);
    assertThat(labels(folders)).containsExactly("hat", "hat", "shoe");
    assertThat(folders.classes()).isEqualTo(2);
    assertThat(folders.unlabelled()).containsExactly(beside);
    assertThat(folders.skipped()).isEqualTo(2);
    assertThat(folders.images().getFirst().size()).isEqualTo(3);

    assertThat(labels(LabelledFolders.read(List.of(directory.resolve("shop")), true)))
        .containsExactly("hat", "old", "shoe");
    assertThat(labels(LabelledFolders.read(List.of(directory), true)))
        .containsExactly("shop", "hat", "old", "shoe");
  }

  @Test
  void equalFilesAreOneImageOrContradictEachOther() throws IOException {
    write("a/hat/1.jpg", "one");
    write("a/hat/same.jpg", "one");
    Path hat = write("a/hat/both.jpg", "both");
    Path shoe = write("b/shoe/both.jpg", "both");
    write("b/hat/again.jpg", "one");
    write("b/shoe/2.jpg", "two");

    LabelledFolders folders =
        LabelledFolders.read(List.of(directory.resolve("a"), directory.resolve("b")), false);
    assertThat(folders.images())
        .extracting(image -> image.file().getFileName().toString())
        .containsExactly("1.jpg", "2.jpg");
    assertThat(folders.duplicates()).isEqualTo(2);
    assertThat(folders.contradictory()).containsExactly(hat, shoe);
  }

  @Test
  void linksAreFollowedAndACircleEnds() throws IOException {
    write("real/1.jpg", "one");
    Path shop = Files.createDirectories(directory.resolve("shop"));
    Files.createSymbolicLink(shop.resolve("hat"), directory.resolve("real"));
    Files.createDirectories(shop.resolve("shoe"));
    Files.createSymbolicLink(shop.resolve("shoe/2.jpg"), write("other/2.jpg", "two"));
    Files.createSymbolicLink(shop.resolve("shoe/circle"), shop);
    Files.createSymbolicLink(shop.resolve("shoe/broken.jpg"), directory.resolve("nowhere"));
    Path linked = Files.createSymbolicLink(directory.resolve("link"), shop);

    LabelledFolders folders = LabelledFolders.read(List.of(linked), false);
    assertThat(labels(folders)).containsExactly("hat", "shoe");
    assertThat(folders.skipped()).isEqualTo(2);
  }
}
