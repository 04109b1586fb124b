package dev.lookalike.query.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.query.index.MemoryIndex;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.VectorIndex;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LuceneStoreTest extends IndexStoreContract {
  @TempDir Path directory;
  @TempDir Path copied;

  @Override
  protected IndexStore connect() {
    return store(directory);
  }

  /** Its clock stands still: names must differ all the same. */
  private static IndexStore store(Path directory) {
    return new LuceneStore(Settings.of(Map.of("directory", directory.toString())), () -> 1L << 40);
  }

  /** Opens a copy of what is on the disk. */
  @Override
  protected Progress durable() {
    try (Stream<Path> files = Files.walk(ofCollection())) {
      for (Path file : files.filter(each -> !each.endsWith("write.lock")).toList()) {
        Path copy = copied.resolve(directory.relativize(file));
        Files.createDirectories(copy.getParent());
        if (Files.isRegularFile(file)) {
          Files.copy(file, copy);
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    try (VectorIndex index = store(copied).open(collection, build)) {
      return index.progress();
    }
  }

  @Override
  protected List<String> kept() {
    return names(Files::isDirectory);
  }

  private interface Which {
    boolean test(Path path);
  }

  private List<String> names(Which which) {
    Path ofCollection = ofCollection();
    if (!Files.exists(ofCollection)) {
      return List.of();
    }
    try (Stream<Path> inside = Files.list(ofCollection)) {
      return inside.filter(which::test).map(each -> each.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Path ofCollection() {
    return directory.resolve(collection.getId());
  }

  private Path pointer() {
    return ofCollection().resolve("b1.current");
  }

  private VectorIndex promoted(String id) {
    VectorIndex next = store().openNext(collection, build);
    write(next, id);
    store().promote(collection, build, next);
    return next;
  }

  private static void damage(Path index) throws IOException {
    try (Stream<Path> files = Files.list(index)) {
      for (Path file : files.filter(each -> !each.endsWith("write.lock")).toList()) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.truncate(channel.size() / 2);
        }
      }
    }
  }

  @Test
  void aDamagedIndexIsEmptyAndWhatWasMovedAsideIsDeletedWithTheOthers() throws IOException {
    VectorIndex index = open();
    write(index, "a");
    index.close();
    damage(ofCollection().resolve("b1"));
    VectorIndex again = open();
    assertThat(again.progress()).isEqualTo(Progress.NONE);
    assertThat(kept()).containsExactlyInAnyOrder("b1", "b1.damaged");
    store().deleteOthers(collection, build);
    assertThat(kept()).containsExactly("b1");
  }

  @Test
  void aDamagedPromotedIndexIsTooAndItsPlaceStays() throws IOException {
    open().close();
    VectorIndex next = promoted("a");
    next.close();
    Path path = ofCollection().resolve(Files.readString(pointer()));
    damage(path);
    VectorIndex again = open();
    assertThat(again.progress()).isEqualTo(Progress.NONE);
    assertThat(store().isCurrent(collection, build, again)).isTrue();
    assertThat(kept()).contains(path.getFileName() + ".damaged");
    store().deleteOthers(collection, build);
    assertThat(kept()).containsExactly(path.getFileName().toString());
    has(again);
  }

  @Test
  void aPointerThatNamesNoIndexOfTheBuildIsIgnored() throws IOException {
    VectorIndex index = open();
    write(index, "a");
    index.close();
    for (String nonsense : List.of("", "../elsewhere", "b2", "b2.x", "b1.x.y", "b1x")) {
      Files.writeString(pointer(), nonsense);
      VectorIndex found = open();
      has(found, "a");
      found.close();
    }
  }

  @Test
  void aPointerToWhatWasDeletedIsAnEmptyIndexOfThatName() throws IOException {
    Files.createDirectories(ofCollection());
    Files.writeString(pointer(), "b1.k2x\n");
    VectorIndex index = open();
    has(index);
    assertThat(kept()).containsExactly("b1.k2x");
  }

  @Test
  void whatACrashLeftOfAPromotionDoesNotDisturbTheNext() throws IOException {
    Files.createDirectories(ofCollection());
    Files.writeString(ofCollection().resolve("b1.current.new"), "b1.half");
    promoted("a").close();
    has(open(), "a");
    assertThat(names(Files::isRegularFile)).containsExactly("b1.current");
  }

  @Test
  void anIndexOfAnotherBuildCollectionOrEngineIsNotPromoted() {
    VectorIndex next = store().openNext(collection, build("b2", 2));
    assertThatThrownBy(() -> store().promote(collection, build, next))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                store()
                    .promote(collection.toBuilder().setId("other").build(), build("b2", 2), next))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store().promote(collection, build, MemoryIndex.of(2)))
        .isInstanceOf(IllegalArgumentException.class);
    next.close();
  }

  @Test
  void whatIsNoIndexStays() throws IOException {
    open().close();
    Path other = directory.resolve("compare-123");
    Files.createDirectories(other);
    Path notes = Files.createDirectories(ofCollection().resolve("Notes"));
    store().deleteOthers(collection, build);
    assertThat(other).exists();
    assertThat(notes).exists();
    Files.delete(notes);
  }
}
