package dev.lookalike.query.index.milvus;

import io.milvus.v2.common.ConsistencyLevel;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Decides how up to date a read must be. Reads are bounded stale (seconds, as the server is set),
 * unless something was written so recently that this could miss it. Then they wait for it: for the
 * writes of this process (session), or for all there are (strong) where another one writes.
 *
 * <p>Thread-safe.
 */
final class Freshness {
  /** Longer than a bounded stale read may be behind, which is 5 s unless somebody changed it. */
  static final Duration SETTLED = Duration.ofSeconds(10);

  private final LongSupplier clock;
  private volatile long changed;
  private volatile boolean wrote;

  /**
   * @param clock as {@link System#nanoTime}
   */
  Freshness(LongSupplier clock) {
    this.clock = clock;
    this.changed = clock.getAsLong();
  }

  /** This process has written. */
  void wrote() {
    wrote = true;
    changed();
  }

  /** Somebody has written. */
  void changed() {
    changed = clock.getAsLong();
  }

  /** Of a read that must see everything that was written. */
  ConsistencyLevel level() {
    if (isSettled(changed, clock.getAsLong())) {
      return ConsistencyLevel.BOUNDED;
    }
    return wrote ? ConsistencyLevel.SESSION : ConsistencyLevel.STRONG;
  }

  /** Whether a bounded stale read sees what was written then. */
  static boolean isSettled(long then, long now) {
    return now - then > SETTLED.toNanos();
  }
}
