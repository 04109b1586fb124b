package dev.lookalike.query.catalog;

import static dev.lookalike.query.catalog.Registry.build;
import static dev.lookalike.query.catalog.Registry.collection;
import static dev.lookalike.query.catalog.Registry.deleted;
import static dev.lookalike.query.catalog.Registry.live;
import static dev.lookalike.query.catalog.Registry.state;
import static dev.lookalike.query.catalog.Registry.view;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.RecordingIndex;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CatalogTest {
  private static final Collection SHOP = collection("c1", "shop");
  private static final IndexKey KEY = new IndexKey("c1", "b1");

  private final FakeStore store = new FakeStore();
  private final FakeFollower.Made made = new FakeFollower.Made();
  private final ProgressSignal signal = new ProgressSignal();
  private final ExecutorService ending = Executors.newSingleThreadExecutor();
  private Optional<String> registryProblem = Optional.empty();
  private final Catalog catalog = new Catalog(store, made, signal, () -> registryProblem, ending);

  @AfterEach
  void close() {
    catalog.close();
  }

  /** Waits until what has ended is closed and swept. */
  private void ended() throws Exception {
    ending.submit(() -> {}).get(10, TimeUnit.SECONDS);
  }

  private FakeFollower follower(int made) {
    return this.made.all.get(made);
  }

  private Lookup.Ready ready(String nameOrId) {
    assertThat(catalog.find(nameOrId)).isInstanceOf(Lookup.Ready.class);
    return (Lookup.Ready) catalog.find(nameOrId);
  }

  private Lookup.NotReady notReady(String nameOrId) {
    assertThat(catalog.find(nameOrId)).isInstanceOf(Lookup.NotReady.class);
    return (Lookup.NotReady) catalog.find(nameOrId);
  }

  @Test
  void nothingAnswersBeforeTheRegistryIsRead() {
    long before = System.nanoTime();
    Lookup.NotReady found = notReady("shop");
    assertThat(found.reason()).isEqualTo("the registry of collections has not been read yet");
    assertThat(found.away()).isFalse();
    assertThat(found.since() - before).as("since the start").isNegative();
    assertThat(catalog.knows("c1")).isEmpty();
    assertThat(catalog.isDeleted("c1")).isFalse();
    assertThat(catalog.nameOf("shop")).isEmpty();
    assertThat(catalog.live("c1")).isEmpty();
    assertThat(catalog.obstacles())
        .containsExactly("the registry of collections has not been read yet");
    registryProblem = Optional.of("not authorized");
    assertThat(catalog.obstacles())
        .containsExactly("the registry of collections has not been read yet: not authorized");
  }

  @Test
  void theLiveBuildAnswersWhenItHasCaughtUp() {
    catalog.follow(view(state(SHOP, live("b1"))));
    assertThat(follower(0).started).isTrue();
    assertThat(follower(0).source).isSameAs(store);
    assertThat(notReady("shop").reason()).isEqualTo("the index is catching up with the log");
    RecordingIndex index = new RecordingIndex(2);
    follower(0).index = Optional.of(index);
    assertThat(catalog.find("shop")).as("not caught up").isInstanceOf(Lookup.NotReady.class);
    follower(0).answers(index);
    for (String nameOrId : List.of("shop", "c1")) {
      Lookup.Ready ready = ready(nameOrId);
      assertThat(ready.collection()).isEqualTo(SHOP);
      assertThat(ready.build().getId()).isEqualTo("b1");
      assertThat(ready.index()).isSameAs(index);
      assertThat(ready.key()).isEqualTo(KEY);
    }
    assertThat(catalog.nameOf("c1")).contains("shop");
  }

  @Test
  void aProblemOfTheFollowerIsTheReason() {
    catalog.follow(view(state(SHOP, live("b1"))));
    follower(0).problem = Optional.of("no space");
    assertThat(notReady("shop").reason()).isEqualTo("no space");
    assertThat(notReady("shop").away()).isFalse();
  }

  @Test
  void whileTheStoreIsAwayNothingAnswers() {
    catalog.follow(view(state(SHOP, live("b1"))));
    follower(0).answers();
    store.away = Optional.of("Milvus does not answer");
    assertThat(notReady("shop").away()).isTrue();
    assertThat(notReady("shop").reason()).isEqualTo("Milvus does not answer");
    assertThat(catalog.obstacles()).containsExactly("Milvus does not answer");
  }

  @Test
  void aCollectionWithoutALiveBuildIsNotBoundSinceItAppeared() {
    assertThat(catalog.find("shop")).isInstanceOf(Lookup.NotReady.class);
    catalog.follow(view(state(SHOP)));
    long now = System.nanoTime();
    Lookup.NotBound first = (Lookup.NotBound) catalog.find("shop");
    assertThat(first.since() - now).isNegative();
    catalog.follow(view(state(SHOP, build("b1", BuildState.BUILD_STATE_BUILDING))));
    assertThat(catalog.find("shop")).as("the first time counts").isEqualTo(first);
    assertThat(catalog.find("other")).isEqualTo(new Lookup.Unknown());
  }

  @Test
  void aBuildIsMissedSinceItAppeared() {
    catalog.follow(view(state(SHOP, live("b1"))));
    long since = notReady("shop").since();
    catalog.follow(view(state(SHOP, live("b1"))));
    assertThat(notReady("shop").since()).isEqualTo(since);
    assertThat(made.all).as("followed once").hasSize(1);
    catalog.follow(view(state(SHOP, live("b2"))));
    assertThat(notReady("shop").since() - since).isPositive();
  }

  @Test
  void theBuildThatAnsweredBeforeAnswersUntilTheNextHasCaughtUp() {
    catalog.follow(view(state(SHOP, live("b1"))));
    follower(0).answers();
    assertThat(ready("shop").build().getId()).isEqualTo("b1");
    catalog.follow(view(state(SHOP, build("b1", BuildState.BUILD_STATE_BUILDING), live("b2"))));
    assertThat(ready("shop").build().getId()).isEqualTo("b1");
    follower(1).answers();
    assertThat(ready("shop").build().getId()).isEqualTo("b2");
    follower(1).caughtUp = false;
    assertThat(catalog.find("shop"))
        .as("not back to the first")
        .isInstanceOf(Lookup.NotReady.class);
  }

  @Test
  void aBuildThatNeverAnsweredDoesNotStandIn() {
    catalog.follow(view(state(SHOP, build("b1", BuildState.BUILD_STATE_BUILDING), live("b2"))));
    made.all.stream().filter(it -> it.build().getId().equals("b1")).forEach(FakeFollower::answers);
    assertThat(catalog.find("shop")).isInstanceOf(Lookup.NotReady.class);
  }

  @Test
  void buildsThatAreOverAreClosedThenSwept() throws Exception {
    catalog.follow(view(state(SHOP, live("b1"))));
    follower(0).answers();
    assertThat(ready("shop").build().getId()).isEqualTo("b1");
    ended();
    store.orphans.addAll(List.of("c1/b1", "c1/b2"));
    catalog.follow(view(state(SHOP, build("b1", BuildState.BUILD_STATE_RETIRED), live("b2"))));
    ended();
    assertThat(follower(0).closed).isTrue();
    assertThat(follower(1).closed).isFalse();
    assertThat(store.done).as("what is followed stays").containsExactly("sweep c1/b1");
    assertThat(catalog.find("shop"))
        .as("a closed index does not answer")
        .isNotInstanceOf(Lookup.Ready.class);
  }

  @Test
  void aSweepThatFailsIsNotTheEnd() throws Exception {
    store.deletion = new IndexException(IndexException.Kind.UNAVAILABLE, "away");
    catalog.follow(view(state(SHOP, live("b1"))));
    ended();
    catalog.follow(view());
    ended();
    assertThat(follower(0).closed).isTrue();
  }

  @Test
  void idsAndDimensionsThatAreNotSafeAreNotFollowed() {
    catalog.follow(
        view(
            state(SHOP, live("../b")),
            state(collection("../c2", "two"), live("b1")),
            state(collection("c3", "three"), build("b1", BuildState.BUILD_STATE_LIVE, 0)),
            state(collection("c4", "four"), build("b1", BuildState.BUILD_STATE_LIVE, 4097)),
            state(collection("c5", "five"), build("b1", BuildState.BUILD_STATE_LIVE, 4096)),
            state(collection("c6", "six"), build("b1", BuildState.BUILD_STATE_LIVE, 1))));
    assertThat(made.all)
        .extracting(follower -> follower.collection().getId())
        .containsExactly("c5", "c6");
    assertThat(notReady("three").reason()).isEqualTo("the index is being opened");
  }

  @Test
  void knowsCollectionsById() {
    catalog.follow(deleted("gone"));
    assertThat(catalog.isDeleted("gone")).isTrue();
    assertThat(catalog.isDeleted("c1")).isFalse();
    assertThat(catalog.knows("c1")).contains(false);
    catalog.follow(view(state(SHOP)));
    assertThat(catalog.knows("c1")).contains(true);
    assertThat(catalog.knows("shop")).as("a name is not an id").contains(false);
  }

  @Test
  void theLiveIndexIsThereBeforeItHasCaughtUp() {
    catalog.follow(view(state(SHOP, build("b0", BuildState.BUILD_STATE_BUILDING), live("b1"))));
    assertThat(catalog.live("c1")).as("not open").isEmpty();
    made.all.forEach(FakeFollower::answers);
    made.all.forEach(follower -> follower.caughtUp = false);
    Catalog.Live found = catalog.live("c1").orElseThrow();
    assertThat(found.build().getId()).isEqualTo("b1");
    assertThat(found.caughtUp()).isFalse();
    made.all.forEach(follower -> follower.caughtUp = true);
    assertThat(catalog.live("c1").orElseThrow().caughtUp()).isTrue();
    assertThat(catalog.live("shop")).as("by id only").isEmpty();
  }

  @Test
  void onlyTheBuildsOfTheFirstViewDecideWhenToBeReady() {
    catalog.follow(view(state(SHOP, live("b1"))));
    assertThat(catalog.obstacles()).containsExactly("shop: the index is catching up with the log");
    follower(0).answers();
    assertThat(catalog.obstacles()).isEmpty();
    catalog.follow(view(state(SHOP, live("b1")), state(collection("c2", "two"), live("b1"))));
    assertThat(catalog.obstacles()).as("a later one").isEmpty();
    follower(1).problem = Optional.of("no space");
    assertThat(catalog.obstacles()).containsExactly("two: no space");
  }

  @Test
  void whoeverWaitsIsWokenByTheRegistry() {
    long before = signal.count();
    catalog.follow(view());
    assertThat(signal.count()).isGreaterThan(before);
  }

  @Test
  void sumsUpImagesAndLag() {
    catalog.follow(view(state(SHOP, live("b1")), state(collection("c2", "two"), live("b1"))));
    assertThat(catalog.images()).isZero();
    follower(0)
        .answers()
        .apply(
            List.of(Images.embedded("a", 0, 1, 0), Images.embedded("b", 1, 1, 0)), Progress.NONE);
    follower(1).answers().failure = new IndexException(IndexException.Kind.UNAVAILABLE, "closed");
    follower(0).lag = 3;
    follower(1).lag = 4;
    assertThat(catalog.images()).isEqualTo(2);
    assertThat(catalog.lag()).isEqualTo(7);
  }

  @Test
  void theIndexThatAnswersNowIsTheOneToCompare() {
    catalog.follow(view(state(SHOP, live("b1"))));
    assertThatThrownBy(() -> catalog.answering(KEY)).isInstanceOf(IndexException.class);
    RecordingIndex index = follower(0).answers();
    assertThat(catalog.answering(KEY)).isSameAs(index);
  }

  @Test
  void anInstalledFollowerAnswersAndTheFormerIsClosedLater() {
    catalog.follow(view(state(SHOP, live("b1"))));
    follower(0).answers();
    FakeFollower next = new FakeFollower(SHOP, live("b1"), store);
    RecordingIndex index = next.answers();
    long before = signal.count();
    assertThat(catalog.install(KEY, next)).isTrue();
    assertThat(signal.count()).isGreaterThan(before);
    assertThat(ready("shop").index()).isSameAs(index);
    assertThat(follower(0).closed).isFalse();
    catalog.retire(KEY);
    assertThat(follower(0).closed).isTrue();
    assertThat(next.closed).isFalse();
  }

  @Test
  void whereNobodyFollowsNothingIsInstalled() {
    catalog.follow(view(state(SHOP, live("b1"))));
    FakeFollower next = new FakeFollower(SHOP, live("b1"), store);
    assertThat(catalog.install(new IndexKey("c1", "b2"), next)).isFalse();
    catalog.close();
    assertThat(catalog.install(KEY, next)).isFalse();
  }

  @Test
  void aRetiringFollowerIsClosedWithItsBuild() throws Exception {
    catalog.follow(view(state(SHOP, live("b1"))));
    FakeFollower next = new FakeFollower(SHOP, live("b1"), store);
    assertThat(catalog.install(KEY, next)).isTrue();
    catalog.follow(view());
    ended();
    assertThat(follower(0).closed).isTrue();
    assertThat(next.closed).isTrue();
  }

  @Test
  void closesEveryFollowerAndFollowsNothingMore() {
    catalog.follow(view(state(SHOP, live("b1"))));
    FakeFollower next = new FakeFollower(SHOP, live("b1"), store);
    assertThat(catalog.install(KEY, next)).isTrue();
    catalog.close();
    assertThat(follower(0).closed).as("retiring").isTrue();
    assertThat(next.closed).isTrue();
    assertThat(catalog.isFollowed(KEY)).isFalse();
    catalog.follow(view(state(SHOP, live("b2"))));
    assertThat(made.all).hasSize(1);
  }
}
