package dev.lookalike.ingest.blobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileBlobStoreTest extends BlobStoreContract {
  @TempDir Path directory;

  @Override
  BlobStore open() {
    return new FileBlobStore(directory.resolve("blobs"));
  }

  @Override
  Duration resolution() {
    return Duration.ofMillis(20);
  }

  @Test
  void damageIsFoundBeforeTheLastByte() throws Exception {
    byte[] content = new byte[100_000];
    BlobKey key = key("a", content);
    open().put(key, "a", content);
    try (Stream<Path> files = Files.walk(directory)) {
      Path file = files.filter(each -> each.endsWith(key.contentHash())).findFirst().orElseThrow();
      content[500] = 1;
      Files.write(file, content);
    }
    BlobStore.Opened opened = open().open(key).orElseThrow();
    try (InputStream bytes = opened.bytes()) {
      assertThatThrownBy(() -> bytes.transferTo(OutputStream.nullOutputStream()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("damaged");
    }
  }

  @Test
  void leavesNoTemporaryFileAndNoEmptyFolder() throws Exception {
    byte[] content = {1};
    open().put(key("a", content), "a", content);
    try (Stream<Path> files = Files.walk(directory)) {
      assertThat(files.filter(Files::isRegularFile)).hasSize(2);
    }
    assertThat(open().delete(key("a", content), LATER)).isTrue();
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
