package dev.lookalike.ingest.blobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileBlobStoreTest extends BlobStoreContract {
  @TempDir Path directory;

  @Override
  BlobStore open() {
    return new FileBlobStore(directory.resolve("blobs"));
  }

  @Test
  void leavesNoTemporaryFileAndNoEmptyFolder() throws Exception {
    byte[] content = {1};
    open().put(key("a", content), "a", content);
    try (Stream<Path> files = Files.walk(directory)) {
      assertThat(files.filter(Files::isRegularFile)).hasSize(2);
    }
    open().delete(key("a", content));
    try (Stream<Path> files = Files.walk(directory)) {
      assertThat(files.filter(Files::isRegularFile)).isEmpty();
    }
  }

  @Test
  void aKeyIsNeverAPath() {
    assertThat(BlobKey.parse("../../../etc/passwd")).isEmpty();
    assertThat(BlobKey.parse("collection1/../x")).isEmpty();
    assertThatThrownBy(() -> new BlobKey("..", "a".repeat(64), "b".repeat(64)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
