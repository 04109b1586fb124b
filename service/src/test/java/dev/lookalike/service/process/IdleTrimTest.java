package dev.lookalike.service.process;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IdleTrimTest {
  private static final long MIB = 1 << 20;

  @Test
  void collectsWhereMuchIsGained() {
    assertThat(IdleTrim.holdsMore(4 * MIB + 1, 0)).isTrue();
    assertThat(IdleTrim.holdsMore(4 * MIB, 0)).isFalse();
    assertThat(IdleTrim.holdsMore(91 * MIB, 80 * MIB)).isTrue();
    assertThat(IdleTrim.holdsMore(90 * MIB, 80 * MIB)).isFalse();
  }
}
