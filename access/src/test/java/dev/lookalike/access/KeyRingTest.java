package dev.lookalike.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyRingTest {
  private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");
  private static final InstantSource CLOCK = InstantSource.fixed(NOW);

  @TempDir Path directory;
  private final List<String> notes = new CopyOnWriteArrayList<>();

  private static AccessKey key(KeyText text, Optional<Instant> expires) {
    return AccessKey.of(text, "a \"name\"", List.of(new Grant("shop", Role.WRITER)), NOW, expires);
  }

  @Test
  void aFileIsReadAsItWasWritten() throws Exception {
    Path file = directory.resolve("keys.json");
    List<AccessKey> keys =
        List.of(
            key(KeyText.random(), Optional.empty()),
            key(KeyText.random(), Optional.of(NOW.plusSeconds(60))));
    KeyFile.write(file, keys);
    assertThat(KeyFile.read(file)).isEqualTo(keys);
    assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
    assertThat(directory.toFile().list()).containsExactly("keys.json");
  }

  @Test
  void whatIsNoFileOfKeysSaysWhy() throws Exception {
    String whole = KeyFile.text(List.of(key(KeyText.random(), Optional.of(NOW))));
    Map<String, String> reasons =
        Map.of(
            "",
            "not an object",
            "{",
            "not JSON",
            "[]",
            "not an object",
            "{}",
            "not a list",
            whole + "{}",
            "not JSON",
            whole.replace("\"expires\"", "\"expiry\""),
            "a field that is not one of",
            whole.replace("\"writer\"", "\"owner\""),
            "reader, writer or admin",
            whole.replace("\"shop\"", "\"Shop\""),
            "a grant needs a collection name",
            whole.replaceAll("\"sha256\" : \"[^\"]*\"", "\"sha256\" : \"12\""),
            "64 hex digits",
            whole.replaceAll("\"expires\" : \"[^\"]*\"", "\"expires\" : \"soon\""),
            "not a time");
    reasons.forEach(
        (text, reason) ->
            assertThatThrownBy(
                    () -> KeyFile.parse(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .as(text)
                .isInstanceOf(KeyFile.UnusableException.class)
                .hasMessageContaining(reason));
  }

  @Test
  void onlyAKeyOfTheFileIsKnownAndOnlyInItsTime() throws Exception {
    KeyText good = KeyText.random();
    KeyText over = KeyText.random();
    Path file = directory.resolve("keys.json");
    KeyFile.write(file, List.of(key(good, Optional.empty()), key(over, Optional.of(NOW))));
    try (KeyRing ring = new KeyRing(file, Duration.ofHours(1), CLOCK, notes::add)) {
      assertThat(ring.holder(good.secret())).isInstanceOf(KeyRing.Holder.Known.class);
      assertThat(ring.holder(over.secret())).isInstanceOf(KeyRing.Holder.Expired.class);
      String otherSecret =
          "lk_"
              + good.id()
              + "_"
              + KeyText.random().secret().substring("lk_123456789012_".length());
      for (String text : List.of("", "secret", KeyText.random().secret(), otherSecret)) {
        assertThat(ring.holder(text)).as(text).isInstanceOf(KeyRing.Holder.Unknown.class);
      }
    }
  }

  @Test
  void aNewFileCountsABrokenOneDoesNot() throws Exception {
    KeyText first = KeyText.random();
    KeyText second = KeyText.random();
    Path file = directory.resolve("keys.json");
    KeyFile.write(file, List.of(key(first, Optional.empty())));
    try (KeyRing ring = new KeyRing(file, Duration.ofMillis(5), CLOCK, notes::add)) {
      replace(file, "{\"keys\": [");
      await().until(() -> ring.trouble().isPresent());
      assertThat(ring.holder(first.secret())).isInstanceOf(KeyRing.Holder.Known.class);

      Files.delete(file);
      await().until(() -> ring.trouble().equals(Optional.of("it does not exist")));
      assertThat(ring.holder(first.secret())).isInstanceOf(KeyRing.Holder.Known.class);

      KeyFile.write(file, List.of(key(second, Optional.empty())));
      await().until(() -> ring.trouble().isEmpty());
      assertThat(ring.holder(first.secret())).isInstanceOf(KeyRing.Holder.Unknown.class);
      assertThat(ring.holder(second.secret())).isInstanceOf(KeyRing.Holder.Known.class);
    }
    assertThat(notes).hasSize(3);
    assertThat(String.join("\n", notes)).doesNotContain(second.secret(), second.sha256());
  }

  /** At once: a move that is not atomic deletes the old file first. */
  private void replace(Path file, String text) throws IOException {
    Path other = Files.writeString(directory.resolve("other"), text);
    Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
