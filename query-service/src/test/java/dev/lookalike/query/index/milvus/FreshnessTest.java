package dev.lookalike.query.index.milvus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.FoldedImage;
import dev.lookalike.query.index.Images;
import io.milvus.v2.common.ConsistencyLevel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** When a read has to wait for writes, and what is remembered so that it need not. */
class FreshnessTest {
  private static final long AFTER = Freshness.SETTLED.toNanos() + 1;

  private long now = Long.MAX_VALUE - Duration.ofSeconds(15).toNanos();
  private final Freshness freshness = new Freshness(() -> now);
  private final RecentImages recent = new RecentImages(2, now);

  private static Map<String, FoldedImage> image(String id) {
    Change.Outcome outcome = Images.embedded(id, 0, 1, 0);
    return Map.of(id, new FoldedImage(id, Optional.of(outcome), List.of()));
  }

  @Test
  void whatAnotherProcessWroteBeforeThisOneIsWaitedFor() {
    assertThat(freshness.level()).isEqualTo(ConsistencyLevel.STRONG);
    now += AFTER;
    assertThat(freshness.level()).isEqualTo(ConsistencyLevel.BOUNDED);
  }

  @Test
  void whatThisProcessWroteIsWaitedForAsItsOwn() {
    now += AFTER;
    freshness.wrote();
    assertThat(freshness.level()).isEqualTo(ConsistencyLevel.SESSION);
    now += AFTER - 1;
    assertThat(freshness.level()).as("not settled yet").isEqualTo(ConsistencyLevel.SESSION);
    now += 1;
    assertThat(freshness.level()).isEqualTo(ConsistencyLevel.BOUNDED);
  }

  @Test
  void whatAnotherProcessWritesMeanwhileIsWaitedForToo() {
    now += AFTER;
    freshness.changed();
    assertThat(freshness.level()).isEqualTo(ConsistencyLevel.STRONG);
  }

  @Test
  void nothingIsCompleteBeforeEverythingEarlierHasSettled() {
    assertThat(recent.isComplete(now)).isFalse();
    assertThat(recent.isComplete(now + AFTER)).isTrue();
  }

  @Test
  void recentImagesAreKeptUntilTheyHaveSettled() {
    recent.wrote(image("a"), now);
    recent.wrote(image("b"), now + AFTER - 1);
    assertThat(recent.get("a")).isPresent();
    recent.wrote(Map.of(), now + AFTER);
    assertThat(recent.get("a")).isEmpty();
    assertThat(recent.get("b")).isPresent();
    assertThat(recent.isComplete(now + AFTER)).as("a had settled").isTrue();
  }

  @Test
  void whatIsForgottenTooEarlyHasToBeWaitedFor() {
    long later = now + AFTER;
    recent.wrote(image("a"), later);
    recent.wrote(image("b"), later);
    recent.wrote(image("c"), later);
    assertThat(recent.get("a")).as("the oldest").isEmpty();
    assertThat(recent.get("b")).isPresent();
    assertThat(recent.isComplete(later)).isFalse();
    assertThat(recent.isComplete(later + AFTER)).isTrue();
  }

  @Test
  void anImageThatIsWrittenAgainIsTheYoungest() {
    recent.wrote(image("a"), now);
    recent.wrote(image("b"), now + 1);
    recent.wrote(image("a"), now + 2);
    recent.wrote(image("c"), now + 3);
    assertThat(recent.get("a")).isPresent();
    assertThat(recent.get("b")).isEmpty();
  }
}
