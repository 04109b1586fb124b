package dev.lookalike.query.follow;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {
  /** Far from zero, and so near the end that times of the test overflow. */
  private static final long START = Long.MAX_VALUE - Duration.ofSeconds(1).toNanos();

  private final Pace pace = new Pace(Duration.ofMillis(50), 100, Duration.ofSeconds(5), START);

  private static long at(long millis) {
    return START + Duration.ofMillis(millis).toNanos();
  }

  private void refresh(long start, long end) {
    pace.refreshed(at(start), at(end), true);
  }

  @Test
  void aRefreshIsDueAtOnceAndThenOnlyForWhatWasApplied() {
    assertThat(pace.isRefreshDue(at(0))).isTrue();
    refresh(0, 1);
    assertThat(pace.isRefreshDue(at(10_000))).isFalse();
    pace.applied(1);
    assertThat(pace.isRefreshDue(at(10_000))).as("alone it is visible at once").isTrue();
  }

  @Test
  void refreshesKeepTheirDistance() {
    refresh(0, 1);
    pace.applied(1);
    assertThat(pace.isRefreshDue(at(49))).isFalse();
    assertThat(pace.patience(at(20))).isEqualTo(Duration.ofMillis(30));
    assertThat(pace.isRefreshDue(at(50))).isTrue();
    assertThat(pace.patience(at(70))).isZero();
  }

  @Test
  void aSlowRefreshRestsFourTimesAsLong() {
    refresh(0, 100);
    pace.applied(1);
    assertThat(pace.isRefreshDue(at(499))).isFalse();
    assertThat(pace.isRefreshDue(at(500))).isTrue();
  }

  @Test
  void anIncompleteRefreshIsFollowedByAnother() {
    pace.refreshed(at(0), at(1), false);
    assertThat(pace.isRefreshDue(at(49))).isFalse();
    assertThat(pace.isRefreshDue(at(50))).isTrue();
    refresh(50, 51);
    assertThat(pace.isRefreshDue(at(1000))).isFalse();
  }

  @Test
  void nothingToDoMeansHalfASecondOfPatience() {
    refresh(0, 1);
    assertThat(pace.patience(at(1))).isEqualTo(Duration.ofMillis(500));
  }

  @Test
  void aCommitIsDueAfterSoManyRecords() {
    pace.applied(60);
    assertThat(pace.isCommitDue(at(0))).isFalse();
    pace.applied(40);
    assertThat(pace.isCommitDue(at(0))).isTrue();
    pace.committed(at(0));
    pace.applied(99);
    assertThat(pace.isCommitDue(at(1))).isFalse();
  }

  @Test
  void aCommitIsDueAfterSoMuchTimeIfThereIsAnything() {
    assertThat(pace.isCommitDue(at(60_000))).as("nothing to commit").isFalse();
    pace.applied(0);
    assertThat(pace.isCommitDue(at(4999))).isFalse();
    assertThat(pace.isCommitDue(at(5000))).as("progress alone is worth one").isTrue();
    pace.committed(at(5000));
    pace.applied(1);
    assertThat(pace.isCommitDue(at(9999))).isFalse();
    assertThat(pace.isCommitDue(at(10_000))).isTrue();
  }
}
