package dev.lookalike.query.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final LogPartition FIRST = new LogPartition("outcomes", 0);
  private static final LogPartition SECOND = new LogPartition("outcomes", 1);

  @Test
  void isBehindByTheSumOverPartitions() {
    Progress progress = new Progress(Map.of(FIRST, 7L), Map.of());
    assertThat(progress.behind(Map.of(FIRST, 10L, SECOND, 5L))).isEqualTo(3 + 5);
  }

  @Test
  void beingAheadInOnePartitionMakesUpForNothing() {
    Progress progress = new Progress(Map.of(FIRST, 12L, SECOND, 4L), Map.of());
    assertThat(progress.behind(Map.of(FIRST, 10L, SECOND, 5L))).isEqualTo(1);
    assertThat(progress.behind(Map.of(FIRST, 10L))).isZero();
  }

  @Test
  void readingNothingIsBehindByEverything() {
    assertThat(Progress.NONE.behind(Map.of(FIRST, 3L))).isEqualTo(3);
    assertThat(Progress.NONE.behind(Map.of())).isZero();
  }
}
