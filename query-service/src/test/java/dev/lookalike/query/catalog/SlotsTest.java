package dev.lookalike.query.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

class SlotsTest {
  private final Slots slots = new Slots(1, "searches");

  @Test
  void oneMoreIsRefusedAtOnce() {
    RefusedException refused =
        slots.with(
            () ->
                Assertions.catchThrowableOfType(
                    RefusedException.class, () -> slots.with(() -> "never")));
    assertThat(refused.code()).isEqualTo(ErrorCode.FULL);
    assertThat(refused.detail())
        .isEqualTo("Too many searches at the moment; try again in a second.");
  }

  @Test
  void aSlotIsFreeAgainHoweverTheWorkEnds() {
    assertThatThrownBy(
            () ->
                slots.with(
                    () -> {
                      throw new IllegalStateException("work");
                    }))
        .hasMessage("work");
    assertThat(slots.<String>with(() -> "done")).isEqualTo("done");
  }
}
