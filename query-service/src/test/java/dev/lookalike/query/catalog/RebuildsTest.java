package dev.lookalike.query.catalog;

import static dev.lookalike.query.catalog.Registry.collection;
import static dev.lookalike.query.catalog.Registry.live;
import static dev.lookalike.query.catalog.Registry.state;
import static dev.lookalike.query.catalog.Registry.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.RecordingIndex;
import dev.lookalike.query.store.NextIndex;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RebuildsTest {
  private static final Collection SHOP = collection("c1", "shop");
  private static final Build BUILD = live("b1");
  private static final IndexKey KEY = new IndexKey("c1", "b1");

  private final FakeStore store = new FakeStore();
  private final FakeFollower.Made made = new FakeFollower.Made();
  private final Catalog catalog = new Catalog(store, made, new ProgressSignal(), Optional::empty);
  private final List<Runnable> threads = new ArrayList<>();
  private final List<Duration> slept = new ArrayList<>();

  /** What happens during each pause. */
  private final Deque<Runnable> meanwhile = new ArrayDeque<>();

  private int rebuilt;
  private final Rebuilds rebuilds = rebuilds(Duration.ofSeconds(1));

  private Rebuilds rebuilds(Duration watchInterval) {
    return new Rebuilds(
        catalog,
        store,
        made,
        watchInterval,
        () -> rebuilt++,
        threads::add,
        time -> {
          slept.add(time);
          assertThat(meanwhile).as("it would wait for ever").isNotEmpty();
          meanwhile.removeFirst().run();
        });
  }

  @BeforeEach
  void follow() {
    catalog.follow(view(state(SHOP, BUILD)));
    made.all.get(0).answers();
  }

  @AfterEach
  void close() {
    catalog.close();
  }

  private FakeFollower begin() {
    assertThat(rebuilds.begin(SHOP, BUILD)).isTrue();
    return made.all.getLast();
  }

  private void run() {
    threads.removeFirst().run();
  }

  @Test
  void theNewIndexTakesThePlaceOfTheOldOneWhenItHasCaughtUp() {
    FakeFollower old = made.all.get(0);
    FakeFollower next = begin();
    assertThat(next.started).isTrue();
    assertThat(next.source).isInstanceOf(NextIndex.class);
    assertThat(store.done).as("of an earlier attempt").containsExactly("delete others of b1");
    assertThat(rebuilds.isRunning(KEY)).isTrue();
    RecordingIndex index = new RecordingIndex(2);
    meanwhile.add(() -> assertThat(catalog.answering(KEY)).isSameAs(old.index.orElseThrow()));
    meanwhile.add(() -> next.answers(index));
    meanwhile.add(
        () -> {
          assertThat(catalog.answering(KEY)).isSameAs(index);
          assertThat(old.closed).as("requests still read it").isFalse();
          assertThat(rebuilt).isEqualTo(1);
        });
    run();
    assertThat(old.closed).isTrue();
    assertThat(next.closed).isFalse();
    assertThat(store.done)
        .containsExactly("delete others of b1", "promote b1", "delete others of b1");
    assertThat(slept.getLast()).isEqualTo(Duration.ofSeconds(10));
    assertThat(rebuilds.isRunning(KEY)).isFalse();
  }

  @Test
  void replicasThatServeOnlyGetThreeLooks() {
    Rebuilds slow = rebuilds(Duration.ofSeconds(20));
    assertThat(slow.begin(SHOP, BUILD)).isTrue();
    made.all.getLast().answers();
    meanwhile.add(() -> {});
    run();
    assertThat(slept).containsExactly(Duration.ofSeconds(60));
  }

  @Test
  void oneAtATime() {
    begin();
    assertThat(rebuilds.begin(SHOP, BUILD)).isFalse();
    assertThat(threads).hasSize(1);
    assertThat(made.all.getLast().started).isFalse();
  }

  @Test
  void doesNotBeginWhileTheStoreDoesNotAnswer() {
    store.deletion = new IndexException(IndexException.Kind.UNAVAILABLE, "away");
    assertThatThrownBy(() -> rebuilds.begin(SHOP, BUILD)).isSameAs(store.deletion);
    assertThat(rebuilds.isRunning(KEY)).isFalse();
    assertThat(threads).isEmpty();
    assertThat(made.all.getLast().started).isFalse();
  }

  @Test
  void aBuildThatIsNoLongerFollowedIsGivenUp() {
    FakeFollower next = begin();
    meanwhile.add(() -> catalog.follow(view()));
    run();
    assertThat(next.closed).isTrue();
    assertThat(rebuilds.isRunning(KEY)).isFalse();
    assertThat(store.done).doesNotContain("promote b1");
    assertThat(rebuilt).isZero();
  }

  @Test
  void aFlipIsTriedUntilItIsCertain() {
    FakeFollower next = begin();
    next.answers();
    IndexException lost = new IndexException(IndexException.Kind.UNAVAILABLE, "no answer");
    store.promotions.addAll(List.of(lost, lost));
    meanwhile.add(() -> next.caughtUp = false);
    // Opened again meanwhile: not promoted before it has caught up once more.
    meanwhile.add(() -> next.caughtUp = true);
    meanwhile.add(() -> next.index = Optional.empty());
    meanwhile.add(next::answers);
    meanwhile.add(() -> {});
    run();
    assertThat(slept.subList(0, 4)).containsOnly(Duration.ofSeconds(1));
    assertThat(store.done).contains("promote b1");
    assertThat(rebuilt).isEqualTo(1);
  }

  @Test
  void aFlipIsGivenUpWithTheBuild() {
    FakeFollower next = begin();
    next.answers();
    store.promotions.add(new IndexException(IndexException.Kind.UNAVAILABLE, "no answer"));
    meanwhile.add(() -> catalog.follow(view()));
    run();
    assertThat(next.closed).isTrue();
    assertThat(rebuilt).isZero();
  }

  @Test
  void whatIsLeftOfTheFormerIndexDoesNotEndTheNewOne() {
    FakeFollower next = begin();
    next.answers();
    meanwhile.add(
        () -> store.deletion = new IndexException(IndexException.Kind.UNAVAILABLE, "away"));
    run();
    assertThat(next.closed).isFalse();
    assertThat(rebuilds.isRunning(KEY)).isFalse();
  }

  @Test
  void closingGivesUp() {
    FakeFollower next = begin();
    rebuilds.close();
    assertThat(next.closed).isTrue();
    run();
    assertThat(slept).isEmpty();
    assertThat(rebuilt).isZero();
    assertThat(rebuilds.begin(SHOP, BUILD)).isFalse();
  }

  @Test
  void anOutdatedIndexIsBuiltAnewOnceItHasCaughtUp() {
    FakeFollower old = made.all.get(0);
    rebuilds.rebuildOutdated();
    assertThat(threads).as("as it would be made now").isEmpty();
    store.outdated = old.index.orElseThrow();
    old.caughtUp = false;
    rebuilds.rebuildOutdated();
    assertThat(threads).as("still catching up").isEmpty();
    old.caughtUp = true;
    rebuilds.rebuildOutdated();
    assertThat(threads).hasSize(1);
    assertThat(rebuilds.isRunning(KEY)).isTrue();
  }

  @Test
  void saysWhetherThisProcessWrites() {
    assertThat(rebuilds.writes()).isTrue();
    store.writes = false;
    assertThat(rebuilds.writes()).isFalse();
  }
}
