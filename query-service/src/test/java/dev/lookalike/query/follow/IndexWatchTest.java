package dev.lookalike.query.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.MemoryIndex;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.VectorIndex;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class IndexWatchTest {
  private static final LogPartition OUTCOMES = new LogPartition(Records.OUTCOMES, 0);

  private final MemoryIndex first = MemoryIndex.of(2);
  private final MemoryIndex second = MemoryIndex.of(2);
  private final AtomicInteger steps = new AtomicInteger();
  private final AtomicInteger asked = new AtomicInteger();
  private final FollowStatus status = new FollowStatus(steps::incrementAndGet);
  private Optional<Map<LogPartition, Long>> ends = Optional.of(Map.of(OUTCOMES, 2L));
  private VectorIndex current = first;
  private long now = 5;
  private final IndexWatch watch =
      new IndexWatch(
          "shop",
          first,
          index -> index == current,
          () -> current,
          () -> {
            asked.incrementAndGet();
            return ends;
          },
          status,
          now);

  private void look() {
    watch.look(now);
  }

  /** As another process does. */
  private static void write(MemoryIndex index, long position) {
    index.apply(
        List.of(Images.embedded("i" + position, position - 1, 1, 0)),
        new Progress(Map.of(OUTCOMES, position), Map.of(0, position)));
  }

  @Test
  void isCaughtUpWhenTheOtherProcessHasWrittenWhatTheLogHeld() {
    look();
    assertThat(status.caughtUp()).isFalse();
    assertThat(status.lag()).isEqualTo(2);
    write(first, 1);
    look();
    assertThat(status.caughtUp()).isFalse();
    write(first, 2);
    int before = steps.get();
    look();
    assertThat(status.caughtUp()).isTrue();
    assertThat(steps.get()).isGreaterThan(before);
  }

  @Test
  void whatIsWrittenToTheLogLaterNeedNotBeWaitedFor() {
    look();
    ends = Optional.of(Map.of(OUTCOMES, 100L));
    now += Duration.ofSeconds(5).toNanos();
    write(first, 2);
    look();
    assertThat(status.caughtUp()).isTrue();
    assertThat(status.lag()).as("of the moment before the look").isEqualTo(100);
  }

  @Test
  void nobodyIsToldWhenNothingHasMoved() {
    write(first, 1);
    look();
    int before = steps.get();
    look();
    assertThat(steps.get()).isEqualTo(before);
  }

  @Test
  void theEndsAreAskedForEveryFiveSeconds() {
    look();
    now += Duration.ofMillis(4999).toNanos();
    look();
    assertThat(asked).hasValue(1);
    now += Duration.ofMillis(1).toNanos();
    look();
    assertThat(asked).hasValue(2);
  }

  @Test
  void aBrokerThatIsAwayIsAskedAgainAtTheNextLook() {
    ends = Optional.empty();
    write(first, 2);
    look();
    assertThat(status.caughtUp()).as("nobody knows how long the log is").isFalse();
    ends = Optional.of(Map.of(OUTCOMES, 2L));
    look();
    assertThat(asked).hasValue(2);
    assertThat(status.caughtUp()).isTrue();
  }

  @Test
  void anotherIndexTakesThePlaceAndTheFormerStaysOpen() {
    look();
    current = second;
    look();
    assertThat(status.index()).containsSame(second);
    assertThat(first.isClosed()).as("requests may be using it").isFalse();
    watch.close();
    assertThat(second.isClosed()).isTrue();
  }

  @Test
  void aLookThatWorksEndsTheProblem() {
    status.fails("the index is being opened");
    look();
    assertThat(status.problem()).isEmpty();
  }
}
