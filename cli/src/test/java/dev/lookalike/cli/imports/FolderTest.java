package dev.lookalike.cli.imports;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderTest {
  @TempDir Path directory;
  private Path folder;

  @BeforeEach
  void fill() throws IOException {
    folder = Files.createDirectory(directory.resolve("pictures"));
    Files.createDirectories(folder.resolve("shoes"));
    Files.createDirectories(folder.resolve(".thumbnails"));
    Files.writeString(folder.resolve("b.jpg"), "b");
    Files.writeString(folder.resolve("shoes/a.jpg"), "a");
    Files.writeString(folder.resolve(".hidden.jpg"), "h");
    Files.writeString(folder.resolve(".thumbnails/t.jpg"), "t");
    Files.writeString(folder.resolve("table.csv"), "file,price");
    Files.createSymbolicLink(folder.resolve("c.jpg"), folder.resolve("b.jpg"));
    Files.createSymbolicLink(folder.resolve("again"), folder.resolve("shoes"));
  }

  private static List<String> names(Folder found) {
    return found.files().stream().map(FolderFile::name).toList();
  }

  @Test
  void findsFilesAndLinksToFilesButNothingHiddenAndNoTable() throws IOException {
    Folder found = Folder.walk(folder, Set.of(folder.resolve("table.csv").toRealPath()));
    assertThat(names(found)).containsExactly("b.jpg", "c.jpg", "shoes/a.jpg");
    assertThat(found.skipped()).as("two hidden, the table, a link to a folder").isEqualTo(4);
  }

  @Test
  void aLinkToTheFolderIsTheFolder() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), folder);
    Folder found = Folder.walk(link, Set.of(link.resolve("table.csv").toRealPath()));
    assertThat(found)
        .usingRecursiveComparison()
        .isEqualTo(Folder.walk(folder, Set.of(folder.resolve("table.csv").toRealPath())));
  }
}
