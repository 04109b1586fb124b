package dev.lookalike.query.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Timestamp;
import dev.lookalike.query.index.Counts;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.MemoryIndex;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.metrics.QueryMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class IndexFeedTest {
  private static final LogPartition OUTCOMES = new LogPartition(Records.OUTCOMES, 0);

  private final MemoryIndex index = MemoryIndex.of(2);
  private final AtomicInteger steps = new AtomicInteger();
  private final FollowStatus status = new FollowStatus(steps::incrementAndGet);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private long now = 1_000_000;
  private final IndexFeed feed = feed(2);

  private IndexFeed feed(long end) {
    return new IndexFeed(
        "shop",
        index,
        Records.READER,
        Map.of(OUTCOMES, end),
        new IndexFeed.Intervals(Duration.ofMillis(50), 3, Duration.ofSeconds(5)),
        status,
        new QueryMetrics(registry),
        () -> now);
  }

  private void round(long position, LogRecord... records) {
    feed.round(List.of(records), Map.of(OUTCOMES, position));
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }

  private double counted(String kind) {
    return registry.get("lookalike.query.records").tag("kind", kind).counter().count();
  }

  @Test
  void aLoneRecordIsVisibleInItsRoundAndDurableLater() {
    round(1, Records.embedded("a", 0, 0, 1, 0));
    assertThat(index.counts()).isEqualTo(new Counts(1, 0, 0));
    assertThat(index.progress()).isEqualTo(new Progress(Map.of(OUTCOMES, 1L), Map.of(0, 1L)));
    assertThat(index.commits()).isZero();
    pass(Duration.ofSeconds(5));
    round(1);
    assertThat(index.commits()).isEqualTo(1);
    pass(Duration.ofSeconds(60));
    round(1);
    assertThat(index.commits()).as("nothing new").isEqualTo(1);
  }

  @Test
  void aStreamIsRefreshedAtIntervals() {
    round(1, Records.embedded("a", 0, 0, 1, 0));
    int refreshed = index.refreshes();
    pass(Duration.ofMillis(49));
    round(2, Records.embedded("b", 1, 1, 1, 0));
    assertThat(index.refreshes()).isEqualTo(refreshed);
    assertThat(index.counts().searchable()).isEqualTo(1);
    assertThat(feed.patience()).isEqualTo(Duration.ofMillis(1));
    pass(Duration.ofMillis(1));
    round(2);
    assertThat(index.counts().searchable()).isEqualTo(2);
    assertThat(feed.patience()).isEqualTo(Duration.ofMillis(500));
  }

  @Test
  void manyRecordsAreCommittedAtOnce() {
    round(
        3,
        Records.embedded("a", 0, 0, 1, 0),
        Records.embedded("b", 1, 1, 1, 0),
        Records.tombstone("c", 2));
    assertThat(index.commits()).isEqualTo(1);
  }

  @Test
  void catchesUpWhenWhatIsVisibleReachesTheEnds() {
    round(1, Records.embedded("a", 0, 0, 1, 0));
    assertThat(status.caughtUp()).isFalse();
    round(2, Records.embedded("b", 1, 1, 1, 0));
    assertThat(status.caughtUp()).as("applied but not visible").isFalse();
    pass(Duration.ofMillis(50));
    int before = steps.get();
    round(2);
    assertThat(status.caughtUp()).isTrue();
    assertThat(steps.get()).as("those who wait are told").isGreaterThan(before);
  }

  @Test
  void anEmptyLogIsCaughtUpWithAtOnce() {
    feed(0).round(List.of(), Map.of(OUTCOMES, 0L));
    assertThat(status.caughtUp()).isTrue();
  }

  @Test
  void markersOfTransactionsAloneMoveTheProgress() {
    round(2);
    assertThat(index.progress().positions()).containsEntry(OUTCOMES, 2L);
    assertThat(status.caughtUp()).isTrue();
  }

  @Test
  void aRoundThatBringsNothingAppliesNothing() {
    round(1, Records.embedded("a", 0, 0, 1, 0));
    pass(Duration.ofMillis(50));
    int refreshed = index.refreshes();
    round(1);
    assertThat(index.refreshes()).isEqualTo(refreshed);
  }

  @Test
  void whatOthersCannotSeeYetIsRefreshedAgain() {
    index.seenByAll(false);
    round(1, Records.embedded("a", 0, 0, 1, 0));
    assertThat(feed.patience()).isEqualTo(Duration.ofMillis(50));
    index.seenByAll(true);
    pass(Duration.ofMillis(50));
    round(1);
    assertThat(feed.patience()).isEqualTo(Duration.ofMillis(500));
  }

  @Test
  void recordsAreCountedByKind() {
    round(
        4,
        Records.embedded("a", 0, 0, 1, 0),
        Records.price("a", 0, 0, 3),
        Records.tombstone("b", 1),
        Records.garbled("c", 2, null));
    assertThat(counted("embedded")).isEqualTo(1);
    assertThat(counted("annotation")).isEqualTo(1);
    assertThat(counted("empty")).isEqualTo(1);
    assertThat(counted("unreadable")).isEqualTo(1);
  }

  @Test
  void anImageThatIsAppliedButNotVisibleIsKnownToo() {
    round(1, Records.embedded("a", 0, 0, 1, 0));
    round(2, Records.embedded("b", 1, 1, 1, 0));
    round(3, Records.garbled("b", 2, null));
    index.refresh();
    assertThat(index.counts()).isEqualTo(new Counts(2, 0, 0));
  }

  @Test
  void theTimeFromUploadToVisibleIsMeasuredOnlyOnceCaughtUp() {
    Timestamp when = Timestamp.newBuilder().setSeconds(1).build();
    round(1, Records.event("a", 0, Records.event(0, 1, 0).setAcceptedAt(when).build()));
    round(2);
    pass(Duration.ofMillis(50));
    round(2);
    assertThat(measured()).as("from before: it waited for this process").isZero();
    pass(Duration.ofMillis(50));
    round(3, Records.event("b", 2, Records.event(1, 1, 0).setAcceptedAt(when).build()));
    assertThat(measured()).isEqualTo(1);
    pass(Duration.ofMillis(50));
    round(4, Records.tombstone("c", 3));
    assertThat(measured()).as("once each").isEqualTo(1);
  }

  private long measured() {
    return registry.get("lookalike.query.upload.to.searchable").timer().count();
  }

  @Test
  void aFailureOfTheIndexEndsIt() {
    index.crash();
    assertThatThrownBy(() -> round(1, Records.embedded("a", 0, 0, 1, 0)))
        .isInstanceOf(IndexException.class);
  }
}
