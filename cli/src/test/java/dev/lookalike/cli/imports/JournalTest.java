package dev.lookalike.cli.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.cli.imports.Journal.Decision;
import dev.lookalike.cli.terminal.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {

  @TempDir Path directory;

  private static Journal.Entry entry(String name, String token) {
    return new Journal.Entry(name, 3, 4, "sha", "sign", Decision.ACKNOWLEDGED, token, "", "");
  }

  private Journal open(String collectionId) {
    return Journal.open(directory, Path.of("/photos"), collectionId);
  }

  @Test
  void theLastLineOfAFileCountsAndATornOneDoesNot() throws IOException {
    try (Journal journal = open("c1")) {
      journal.add(entry("a\u00e4\n.jpg", "one"));
      journal.add(entry("a\u00e4\n.jpg", "two"));
      journal.add(entry("b.jpg", "three"));
    }
    Path file;
    try (Stream<Path> files = Files.list(directory)) {
      file = files.findFirst().orElseThrow();
    }
    Files.writeString(file, "{\"file\":\"torn", StandardOpenOption.APPEND);
    try (Journal journal = open("c1")) {
      assertThat(journal.find("a\u00e4\n.jpg")).contains(entry("a\u00e4\n.jpg", "two"));
      assertThat(journal.find("torn")).isEmpty();
      journal.add(entry("c.jpg", "four"));
    }
    try (Journal journal = open("c1")) {
      assertThat(List.of("b.jpg", "c.jpg")).allMatch(name -> journal.find(name).isPresent());
    }
  }

  @Test
  void anotherCollectionBeginsAnewAndASecondImportOfTheSameIsRefused() {
    try (Journal journal = open("c1");
        Journal other = open("c2")) {
      journal.add(entry("a.jpg", "one"));
      assertThat(other.find("a.jpg")).isEmpty();
      assertThatThrownBy(() -> open("c1"))
          .isInstanceOf(CommandFailure.class)
          .hasMessageContaining("another import");
    }
  }

  @Test
  void aChangedFileOrOtherAttributesAreNotWhatWasDecided() {
    Journal.Entry entry = entry("a.jpg", "one");
    assertThat(entry.isOf(new FolderFile("a.jpg", directory, 3, 4), "sign")).isTrue();
    assertThat(entry.isOf(new FolderFile("a.jpg", directory, 9, 4), "sign")).isFalse();
    assertThat(entry.isOf(new FolderFile("a.jpg", directory, 3, 9), "sign")).isFalse();
    assertThat(entry.isOf(new FolderFile("a.jpg", directory, 3, 4), "other")).isFalse();
  }
}
