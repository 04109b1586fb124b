package dev.lookalike.cli.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LatenciesTest {

  @Test
  void isTheNearestRank() {
    long[] hundred = LongStream.rangeClosed(1, 100).map(i -> (101 - i) * 1_000_000).toArray();
    assertThat(Latencies.of(hundred)).isEqualTo(new Latencies(100, 50, 99));
    assertThat(Latencies.of(new long[] {2_500_000})).isEqualTo(new Latencies(1, 2.5, 2.5));
    assertThat(Latencies.of(new long[] {3_000_000, 1_000_000, 2_000_000}))
        .isEqualTo(new Latencies(3, 2, 3));
  }
}
