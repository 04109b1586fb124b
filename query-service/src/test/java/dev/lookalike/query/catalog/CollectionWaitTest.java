package dev.lookalike.query.catalog;

import static dev.lookalike.query.catalog.Registry.collection;
import static dev.lookalike.query.catalog.Registry.live;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.query.index.RecordingIndex;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class CollectionWaitTest {
  /** Longer than a test may take: whoever waits for it is not waiting rightly. */
  private static final Duration LONG = Duration.ofHours(1);

  private static final Lookup.Ready READY =
      new Lookup.Ready(collection("c1", "shop"), live("b1"), new RecordingIndex(2));

  private final ProgressSignal signal = new ProgressSignal();
  private final Deque<Lookup> found = new ArrayDeque<>();

  private Lookup find(String nameOrId) {
    assertThat(nameOrId).isEqualTo("shop");
    return found.size() > 1 ? found.removeFirst() : found.getFirst();
  }

  private CollectionWait waiting(Duration patience, int most) {
    return new CollectionWait(this::find, signal, patience, most);
  }

  private static ErrorCode refusal(CollectionWait wait) {
    return Assertions.catchThrowableOfType(RefusedException.class, () -> wait.ready("shop")).code();
  }

  private static long now() {
    return System.nanoTime();
  }

  @Test
  void whatIsReadyIsAnsweredAtOnce() {
    found.add(READY);
    assertThat(waiting(LONG, 0).ready("shop")).isSameAs(READY);
  }

  @Test
  void whatHasBeenMissingForLongIsRefusedAtOnce() {
    long longAgo = now() - LONG.toNanos();
    found.add(new Lookup.NotReady("catching up", longAgo, false));
    assertThat(refusal(waiting(LONG, 1))).isEqualTo(ErrorCode.CATCHING_UP);
    found.clear();
    found.add(new Lookup.NotBound(longAgo));
    assertThat(refusal(waiting(LONG, 1))).isEqualTo(ErrorCode.NOT_BOUND);
  }

  @Test
  void whatIsUnknownOrAwayIsRefusedAtOnce() {
    found.add(new Lookup.Unknown());
    assertThat(refusal(waiting(LONG, 1))).isEqualTo(ErrorCode.COLLECTION_NOT_FOUND);
    found.clear();
    found.add(new Lookup.NotReady("away", now(), true));
    assertThat(refusal(waiting(LONG, 1))).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
  }

  @Test
  void waitsForWhateverComesOneAfterAnother() {
    found.addAll(
        List.of(
            new Lookup.NotReady("the registry", now(), false),
            new Lookup.NotReady("the registry", now(), false),
            new Lookup.NotBound(now()),
            new Lookup.NotReady("catching up", now(), false),
            READY));
    CollectionWait wait =
        new CollectionWait(
            nameOrId -> {
              signal.raise();
              return find(nameOrId);
            },
            signal,
            LONG,
            1);
    assertThat(wait.ready("shop")).isSameAs(READY);
  }

  @Test
  void patienceEnds() {
    found.add(new Lookup.NotReady("catching up", now() + LONG.toNanos(), false));
    assertThat(refusal(waiting(Duration.ofMillis(20), 1))).isEqualTo(ErrorCode.CATCHING_UP);
  }

  @Test
  void soManyMayWait() throws Exception {
    CountDownLatch looked = new CountDownLatch(2);
    CountDownLatch come = new CountDownLatch(1);
    CollectionWait wait =
        new CollectionWait(
            nameOrId -> {
              looked.countDown();
              return come.getCount() == 0 ? READY : new Lookup.NotBound(now());
            },
            signal,
            LONG,
            1);
    CompletableFuture<Lookup.Ready> first = CompletableFuture.supplyAsync(() -> wait.ready("shop"));
    assertThat(looked.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(refusal(wait)).isEqualTo(ErrorCode.FULL);
    come.countDown();
    signal.raise();
    assertThat(first.get(20, TimeUnit.SECONDS)).isSameAs(READY);
  }

  @Test
  void anInterruptEndsTheWait() {
    found.add(new Lookup.NotBound(now()));
    Thread.currentThread().interrupt();
    assertThat(refusal(waiting(LONG, 1))).isEqualTo(ErrorCode.NOT_BOUND);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void refusalsSayWhatWasLookedUp() {
    assertThat(detail("")).isEqualTo("No collection is named \"default\".");
    assertThat(detail("x".repeat(64))).contains("\"" + "x".repeat(64) + "\"");
    assertThat(detail("x".repeat(65))).contains("\"" + "x".repeat(64) + "...\"");
  }

  private static String detail(String nameOrId) {
    return Assertions.catchThrowableOfType(
            RefusedException.class, () -> new Lookup.Unknown().orRefuse(nameOrId))
        .detail();
  }
}
