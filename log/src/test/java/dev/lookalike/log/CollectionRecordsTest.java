package dev.lookalike.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionDeleted;
import dev.lookalike.proto.events.v1.CollectionEvent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CollectionRecordsTest {
  private final CollectionRecords records = new CollectionRecords();

  /** The newest record of each key with its offset, as after compaction. */
  private final Map<String, Map.Entry<Long, Optional<byte[]>>> log = new LinkedHashMap<>();

  private long next;

  private void write(String key, Optional<byte[]> value) {
    log.remove(key);
    log.put(key, Map.entry(next, value));
    records.apply(next++, key, value.orElse(null));
  }

  private void collection(String id, String name, String previousName) {
    write(
        id,
        Optional.of(
            CollectionEvent.newBuilder()
                .setCollection(
                    Collection.newBuilder()
                        .setId(id)
                        .setName(name)
                        .setPreviousName(previousName)
                        .setGeneration(1))
                .build()
                .toByteArray()));
  }

  private void build(String id, String build) {
    write(
        id + "/" + build,
        Optional.of(
            CollectionEvent.newBuilder()
                .setBuild(
                    Build.newBuilder()
                        .setId(build)
                        .setCollectionId(id)
                        .setGeneration(1)
                        .setState(BuildState.BUILD_STATE_LIVE))
                .build()
                .toByteArray()));
  }

  private void delete(String id) {
    write(
        id,
        Optional.of(
            CollectionEvent.newBuilder()
                .setDeleted(CollectionDeleted.getDefaultInstance())
                .build()
                .toByteArray()));
  }

  /** Name and id of each; checks that a reader that starts after compaction sees the same. */
  private List<String> names() {
    CollectionRecords late = new CollectionRecords();
    log.forEach((key, value) -> late.apply(value.getKey(), key, value.getValue().orElse(null)));
    assertThat(names(late)).as("after compaction").isEqualTo(names(records));
    return names(records);
  }

  private static List<String> names(CollectionRecords records) {
    return records.view().collections().stream()
        .map(state -> state.collection().getName() + "=" + state.collection().getId())
        .toList();
  }

  @Test
  void theFirstRecordOfANameHasIt() {
    collection("first", "shop", "");
    collection("second", "shop", "");
    assertThat(names()).containsExactly("shop=first");
    assertThat(records.view().late())
        .extracting(late -> late.collection().getId() + late.renamed())
        .containsExactly("secondfalse");
    delete("second");
    assertThat(records.view().late()).isEmpty();
    delete("first");
    assertThat(names()).isEmpty();
    collection("third", "shop", "");
    assertThat(names()).containsExactly("shop=third");
  }

  @Test
  void aRenameThatCameTooLateKeepsItsOldName() {
    collection("first", "shop", "");
    collection("second", "archive", "");
    collection("second", "shop", "archive");
    assertThat(names()).containsExactly("archive=second", "shop=first");
    collection("third", "archive", "");
    assertThat(names()).containsExactly("archive=second", "shop=first");
    collection("second", "depot", "archive");
    assertThat(names()).containsExactly("archive=third", "depot=second", "shop=first");
  }

  @Test
  void aCollectionWithNoNameLeftGoesByItsId() {
    collection("first", "shop", "");
    collection("second", "archive", "");
    collection("third", "depot", "");
    collection("third", "shop", "archive");
    assertThat(names()).containsExactly("archive=second", "shop=first", "third=third");
  }

  @Test
  void whatIsDeletedStaysDeleted() {
    collection("first", "shop", "");
    build("first", "b1");
    delete("first");
    build("first", "b2");
    assertThat(names()).isEmpty();
    assertThat(records.view().deleted().getFirst().builds()).containsExactlyInAnyOrder("b1", "b2");
    assertThat(records.view().deleted().getFirst().overwritten()).isFalse();
    collection("first", "depot", "shop");
    assertThat(names(records)).isEmpty();
    assertThat(records.view().deleted().getFirst().overwritten()).isTrue();
    delete("first");
    write("first/b1", Optional.empty());
    write("first/b2", Optional.empty());
    assertThat(names()).isEmpty();
    assertThat(records.view().deleted().getFirst().builds()).isEmpty();
    assertThat(records.view().deleted().getFirst().overwritten()).isFalse();
  }

  @Test
  void aBuildMayComeBeforeItsCollection() {
    build("first", "b1");
    collection("first", "shop", "");
    assertThat(records.view().collections().getFirst().live()).isPresent();
    assertThat(records.view().collections().getFirst().builds()).containsOnlyKeys("b1");
  }
}
