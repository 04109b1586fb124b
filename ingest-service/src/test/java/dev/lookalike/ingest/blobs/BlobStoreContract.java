package dev.lookalike.ingest.blobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What every BlobStore does. */
abstract class BlobStoreContract {
  private static final byte[] CONTENT = {1, 2, 3};

  /** After any put of a test. */
  static final Instant LATER = Instant.parse("2100-01-01T00:00:00Z");

  /** A store over the same, at first empty, place each time within one test. */
  abstract BlobStore open() throws Exception;

  /** What the store counts time in. */
  abstract Duration resolution();

  @Test
  void keepsWhatItWasGiven() throws Exception {
    BlobKey key = key("a", CONTENT);
    open().put(key, "a", CONTENT);
    BlobStore.Opened opened = open().open(key).orElseThrow();
    try (InputStream bytes = opened.bytes()) {
      assertThat(bytes.readAllBytes()).isEqualTo(CONTENT);
    }
    assertThat(opened.sizeBytes()).isEqualTo(3);
  }

  @Test
  void hasNothingElse() throws Exception {
    assertThat(open().open(key("a", CONTENT))).isEmpty();
    assertThat(list(open())).isEmpty();
  }

  @Test
  void puttingAgainRenews() throws Exception {
    BlobStore store = open();
    BlobKey key = key("a", CONTENT);
    store.put(key, "a", CONTENT);
    Instant first = list(store).getFirst().stored();
    Thread.sleep(resolution());
    store.put(key, "a", CONTENT);
    assertThat(list(store)).hasSize(1);
    assertThat(list(store).getFirst().stored()).isAfter(first);
  }

  @Test
  void deletesOneAndLeavesTheOther() throws Exception {
    BlobStore store = open();
    byte[] other = {4};
    store.put(key("a", CONTENT), "a", CONTENT);
    store.put(key("a", other), "a", other);
    assertThat(store.delete(key("a", CONTENT), LATER)).isTrue();
    assertThat(store.open(key("a", CONTENT))).isEmpty();
    assertThat(list(store)).extracting(BlobStore.Stored::key).containsExactly(key("a", other));
    assertThat(store.delete(key("a", other), LATER)).isTrue();
    assertThat(list(store)).isEmpty();
    store.put(key("a", other), "a", other);
    assertThat(list(store)).hasSize(1);
  }

  @Test
  void deletingTheAbsentDoesNothing() throws Exception {
    assertThat(open().delete(key("a", CONTENT), LATER)).isFalse();
    assertThat(open().delete(key("a", CONTENT), LATER)).isFalse();
  }

  @Test
  void leavesWhatWasPutAgain() throws Exception {
    BlobStore store = open();
    store.put(key("a", CONTENT), "a", CONTENT);
    Instant first = list(store).getFirst().stored();
    Thread.sleep(resolution());
    store.put(key("a", CONTENT), "a", CONTENT);
    Instant between = first.plus(resolution().dividedBy(2));
    assertThat(store.delete(key("a", CONTENT), between)).isFalse();
    store.list(between, blob -> assertThat(blob).as("too young").isNull());
    assertThat(store.open(key("a", CONTENT))).isPresent();
  }

  @Test
  void deletesWhileItLists() throws Exception {
    BlobStore store = open();
    store.put(key("a", CONTENT), "a", CONTENT);
    store.put(key("a", new byte[] {4}), "a", new byte[] {4});
    store.put(key("b", CONTENT), "b", CONTENT);
    store.list(LATER, blob -> assertThat(store.delete(blob.key(), LATER)).isTrue());
    assertThat(list(store)).isEmpty();
  }

  @Test
  void deletesACollectionAndLeavesTheOthers() throws Exception {
    BlobStore store = open();
    byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(CONTENT);
    BlobKey other = BlobKey.of("collection2", "a", sha256);
    store.put(key("a", CONTENT), "a", CONTENT);
    store.put(key("b", CONTENT), "b", CONTENT);
    store.put(other, "a", CONTENT);
    store.deleteCollection("collection1");
    store.deleteCollection("collection1");
    assertThat(list(store)).extracting(BlobStore.Stored::key).containsExactly(other);
    assertThat(store.open(key("a", CONTENT))).isEmpty();
    assertThatThrownBy(() -> store.deleteCollection("../collection2"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void listsWithTheImageIds() throws Exception {
    BlobStore store = open();
    store.put(key("a/../b", CONTENT), "a/../b", CONTENT);
    store.put(key("c", CONTENT), "c", CONTENT);
    assertThat(list(store))
        .extracting(BlobStore.Stored::imageId)
        .containsExactlyInAnyOrder("a/../b", "c");
    assertThat(list(store)).allSatisfy(blob -> assertThat(blob.sizeBytes()).isEqualTo(3));
  }

  @Test
  void refusesTheKeyOfAnotherImage() throws Exception {
    BlobStore store = open();
    assertThatThrownBy(() -> store.put(key("a", CONTENT), "b", CONTENT))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void saysThatItCanBeUsed() throws Exception {
    open().check();
  }

  static List<BlobStore.Stored> list(BlobStore store) throws Exception {
    List<BlobStore.Stored> all = new ArrayList<>();
    store.list(LATER, all::add);
    return all;
  }

  static BlobKey key(String imageId, byte[] content) throws Exception {
    return BlobKey.of("collection1", imageId, MessageDigest.getInstance("SHA-256").digest(content));
  }
}
