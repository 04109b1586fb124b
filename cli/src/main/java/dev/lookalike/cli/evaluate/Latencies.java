package dev.lookalike.cli.evaluate;

import java.util.Arrays;

/**
 * Times of requests that were sent one after the other.
 *
 * @param count number of requests
 * @param p50 milliseconds; half of the requests took at most this long
 * @param p99 milliseconds; 99 % of the requests took at most this long
 */
record Latencies(int count, double p50, double p99) {

  /**
   * @param nanos of each request; at least one
   */
  static Latencies of(long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return new Latencies(sorted.length, millis(sorted, 0.50), millis(sorted, 0.99));
  }

  /** The nearest rank: the smallest time that at least this share does not exceed. */
  private static double millis(long[] sorted, double share) {
    int rank = (int) Math.ceil(share * sorted.length - 1e-9);
    return sorted[Math.max(1, rank) - 1] / 1e6;
  }
}
