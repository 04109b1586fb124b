package dev.lookalike.query.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.query.index.MemoryIndex;
import org.junit.jupiter.api.Test;

class FollowStatusTest {
  private final FollowStatus status = new FollowStatus(() -> {});

  @Test
  void aProblemIsNewsOnce() {
    assertThat(status.problem()).contains("the index is being opened");
    assertThat(status.fails("full disk")).isTrue();
    assertThat(status.fails("full disk")).isFalse();
    status.works();
    assertThat(status.problem()).isEmpty();
    assertThat(status.fails("full disk")).isTrue();
  }

  @Test
  void anIndexThatIsClosedHasNotCaughtUp() {
    status.opened(MemoryIndex.of(2));
    status.caughtUpNow();
    status.closed();
    assertThat(status.index()).isEmpty();
    assertThat(status.caughtUp()).isFalse();
  }
}
