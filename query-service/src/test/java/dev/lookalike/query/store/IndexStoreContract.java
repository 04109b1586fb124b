package dev.lookalike.query.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lookalike.log.CollectionState;
import dev.lookalike.log.RegistryView;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.ModelReference;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.VectorIndex;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link IndexStore} must do. An implementation extends this, and says how a process
 * connects. Each test has a collection of its own.
 */
abstract class IndexStoreContract {
  private static final AtomicLong COLLECTIONS = new AtomicLong(System.currentTimeMillis());
  private static final int DIMENSION = 2;

  protected final Collection collection =
      Collection.newBuilder()
          .setId("c" + Long.toString(COLLECTIONS.incrementAndGet(), 36))
          .setName("shop")
          .build();
  protected final Build build = build("b1", DIMENSION);
  private final List<IndexStore> connected = new ArrayList<>();
  private final List<VectorIndex> opened = new ArrayList<>();

  /** Connects to the same place as another process would, again and again within one test. */
  protected abstract IndexStore connect();

  /** Names of all indexes of the collection that are kept, whole or not. */
  protected abstract List<String> kept();

  /** The progress of the index that another process would find now, if this one had died. */
  protected abstract Progress durable();

  protected final IndexStore store() {
    if (connected.isEmpty()) {
      another();
    }
    return connected.get(0);
  }

  protected final IndexStore another() {
    connected.add(connect());
    return connected.get(connected.size() - 1);
  }

  @AfterEach
  final void leaveNothing() {
    opened.forEach(VectorIndex::close);
    if (!connected.isEmpty()) {
      store().sweep(deleted(), (collectionId, buildId, delete) -> delete.run());
      assertThat(kept()).isEmpty();
    }
    connected.forEach(IndexStore::close);
    disconnect();
  }

  /** Lets go of what {@link #kept} needed. */
  protected void disconnect() {}

  protected static Build build(String id, int dimension) {
    return Build.newBuilder()
        .setId(id)
        .setGeneration(1)
        .setModel(ModelReference.newBuilder().setDimension(dimension))
        .build();
  }

  protected final VectorIndex open() {
    return open(build);
  }

  private VectorIndex open(Build which) {
    return remember(store().open(collection, which));
  }

  private VectorIndex openNext() {
    return remember(store().openNext(collection, build));
  }

  private VectorIndex remember(VectorIndex index) {
    opened.add(index);
    return index;
  }

  private void promote(VectorIndex next) {
    store().promote(collection, build, next);
  }

  protected static void write(VectorIndex index, String... ids) {
    long position = index.progress().applied(0);
    for (String id : ids) {
      position++;
      index.apply(
          List.of(Images.embedded(id, position - 1, 1, 0)),
          new Progress(Map.of(new LogPartition("outcomes", 0), position), Map.of(0, position)));
    }
    index.refresh();
  }

  protected static void has(VectorIndex index, String... ids) {
    assertThat(index.counts().searchable()).isEqualTo(ids.length);
    assertThat(index.get(List.of(ids), false)).hasSize(ids.length);
  }

  private RegistryView known() {
    return new RegistryView(
        List.of(new CollectionState(collection, Map.of())), List.of(), List.of());
  }

  private RegistryView deleted() {
    return new RegistryView(
        List.of(),
        List.of(new RegistryView.Deleted(collection.getId(), Set.of(), false)),
        List.of());
  }

  @Test
  void opensAnEmptyIndexAndThenTheSameAgain() {
    VectorIndex index = open();
    assertThat(index.progress()).isEqualTo(Progress.NONE);
    write(index, "a");
    Progress progress = index.progress();
    index.close();
    VectorIndex again = open();
    has(again, "a");
    assertThat(again.progress()).isEqualTo(progress);
    assertThat(store().isOutdated(again)).isFalse();
    assertThat(store().isCurrent(collection, build, again)).isTrue();
  }

  @Test
  void buildsAreApart() {
    write(open(), "a");
    write(open(build("b11", DIMENSION)), "b", "c");
    has(opened.get(0), "a");
    has(opened.get(1), "b", "c");
    opened.forEach(VectorIndex::close);
    store().delete(collection, build);
    store().deleteOthers(collection, build);
    has(open(build("b11", DIMENSION)), "b", "c");
  }

  @Test
  void anotherDimensionIsAnEmptyIndex() {
    write(open(), "a");
    opened.get(0).close();
    VectorIndex index = open(build("b1", 3));
    assertThat(index.dimension()).isEqualTo(3);
    assertThat(index.progress()).isEqualTo(Progress.NONE);
    has(index);
    index.close();
    store().deleteOthers(collection, build);
    assertThat(kept()).hasSize(1);
  }

  @Test
  void theNextIsEmptyAndChangesNothingOfTheOneThatAnswers() {
    VectorIndex index = open();
    write(index, "a");
    VectorIndex next = openNext();
    assertThat(next.progress()).isEqualTo(Progress.NONE);
    write(next, "b", "c");
    has(index, "a");
    assertThat(store().isCurrent(collection, build, index)).isTrue();
    assertThat(store().isCurrent(collection, build, next)).isFalse();
    index.close();
    next.close();
    has(open(), "a");
  }

  @Test
  void severalCanBeMadeBeside() {
    open();
    VectorIndex one = openNext();
    VectorIndex other = openNext();
    write(one, "a");
    write(other, "b", "c");
    has(one, "a");
    has(other, "b", "c");
    assertThat(kept()).hasSize(3);
  }

  @Test
  void thePromotedIndexAnswersAndTheFormerIsStillRead() {
    VectorIndex former = open();
    write(former, "a");
    VectorIndex next = openNext();
    write(next, "b", "c");
    promote(next);
    assertThat(store().isCurrent(collection, build, next)).isTrue();
    assertThat(store().isCurrent(collection, build, former)).isFalse();
    has(former, "a");
    write(next, "d");
    former.close();
    next.close();
    has(open(), "b", "c", "d");
  }

  @Test
  void whatIsPromotedIsDurable() {
    open();
    VectorIndex next = openNext();
    write(next, "a");
    promote(next);
    assertThat(durable()).isEqualTo(next.progress());
    assertThat(next.progress().applied(0)).isEqualTo(1);
  }

  @Test
  void promotingAgainChangesNothing() {
    open();
    VectorIndex next = openNext();
    write(next, "a");
    promote(next);
    promote(next);
    assertThat(store().isCurrent(collection, build, next)).isTrue();
    next.close();
    has(open(), "a");
  }

  @Test
  void promotingAfterALostAnswerSucceeds() {
    open();
    VectorIndex next = openNext();
    write(next, "a");
    // The engine did what it was asked; only nobody here has heard of it.
    another().promote(collection, build, next);
    promote(next);
    assertThat(store().isCurrent(collection, build, next)).isTrue();
    next.close();
    has(open(), "a");
  }

  @Test
  void aSecondRebuildTakesThePlaceOfTheFirst() {
    write(open(), "a");
    for (int rebuild = 1; rebuild <= 2; rebuild++) {
      VectorIndex next = openNext();
      for (int image = 0; image <= rebuild; image++) {
        write(next, "i" + image);
      }
      promote(next);
    }
    opened.forEach(VectorIndex::close);
    has(open(), "i0", "i1", "i2");
    opened.get(opened.size() - 1).close();
    store().deleteOthers(collection, build);
    assertThat(kept()).hasSize(1);
    has(open(), "i0", "i1", "i2");
  }

  @Test
  void aClosedIndexIsNotPromoted() {
    VectorIndex index = open();
    write(index, "a");
    VectorIndex next = openNext();
    write(next, "b");
    next.close();
    assertThatThrownBy(() -> promote(next)).isInstanceOf(IndexException.class);
    assertThat(store().isCurrent(collection, build, index)).isTrue();
    index.close();
    has(open(), "a");
  }

  /** As of an attempt that failed, or ended with its process. */
  @Test
  void aRebuildThatIsGivenUpLeavesNothing() {
    VectorIndex index = open();
    write(index, "a");
    WeakReference<VectorIndex> givenUp = makeAndGiveUp();
    await()
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              System.gc();
              return givenUp.get() == null;
            });
    store().deleteOthers(collection, build);
    assertThat(kept()).hasSize(1);
    has(index, "a");
  }

  private WeakReference<VectorIndex> makeAndGiveUp() {
    VectorIndex next = store().openNext(collection, build);
    write(next, "b");
    next.close();
    return new WeakReference<>(next);
  }

  @Test
  void deletesTheOneThatAnswers() {
    write(open(), "a");
    opened.get(0).close();
    store().delete(collection, build);
    VectorIndex again = open();
    assertThat(again.progress()).isEqualTo(Progress.NONE);
    has(again);
  }

  @Test
  void deletesAPromotedOneToo() {
    write(open(), "a");
    VectorIndex next = openNext();
    write(next, "b");
    promote(next);
    opened.forEach(VectorIndex::close);
    store().deleteOthers(collection, build);
    store().delete(collection, build);
    assertThat(kept()).isEmpty();
    has(open());
  }

  @Test
  void deletingWhatIsNotThereDoesNothing() {
    store().delete(collection, build);
    store().deleteOthers(collection, build);
    store().sweep(known(), (collectionId, buildId, delete) -> delete.run());
    store().sweep(deleted(), (collectionId, buildId, delete) -> delete.run());
    assertThat(kept()).isEmpty();
    write(open(), "a");
    opened.get(0).close();
    store().delete(collection, build);
    store().delete(collection, build);
    assertThat(kept()).isEmpty();
  }

  @Test
  void sweepsTheBuildsThatNobodyFollows() {
    write(open(), "a");
    write(open(build("b2", DIMENSION)), "b");
    opened.forEach(VectorIndex::close);
    List<String> asked = new ArrayList<>();
    store()
        .sweep(
            known(),
            (collectionId, buildId, delete) -> {
              assertThat(collectionId).isEqualTo(collection.getId());
              asked.add(buildId);
              if (buildId.equals("b2")) {
                delete.run();
              }
            });
    assertThat(asked).containsExactlyInAnyOrder("b1", "b2");
    assertThat(kept()).hasSize(1);
    has(open(), "a");
  }

  @Test
  void sweepsADeletedCollection() {
    write(open(), "a");
    VectorIndex next = openNext();
    write(next, "b");
    promote(next);
    openNext();
    opened.forEach(VectorIndex::close);
    store().sweep(deleted(), (collectionId, buildId, delete) -> delete.run());
    assertThat(kept()).isEmpty();
  }

  @Test
  void leavesAloneWhatTheRegistryDoesNotMention() {
    write(open(), "a");
    opened.get(0).close();
    store()
        .sweep(
            new RegistryView(List.of(), List.of(), List.of()),
            (collectionId, buildId, delete) -> {
              if (collectionId.equals(collection.getId())) {
                delete.run();
              }
            });
    has(open(), "a");
  }

  @Test
  void anEngineThatAnswersIsNotAway() {
    assertThat(store().away()).isEmpty();
    assertThat(store().writes()).isTrue();
  }

  @Test
  void closesTwice() {
    store();
    IndexStore one = another();
    one.close();
    one.close();
  }
}
