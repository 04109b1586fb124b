package dev.lookalike.embed.infer;

import dev.lookalike.embed.metrics.EmbedMetrics.Urgency;
import java.util.concurrent.TimeUnit;

/**
 * Lets one batch at a time use the device: online ahead of the bulk. Thread-safe.
 *
 * <p>Invariant, under the monitor: {@code busy} is true from a return of {@link #enter} to the
 * {@link #leave} that follows; the bulk enters only while nothing online waits, or when it has
 * waited for {@link #PATIENCE_NANOS}, so that a flood of queries slows the bulk down and does not
 * stop it.
 */
final class Turnstile {
  /**
   * A tenth of the transaction timeout: a bulk batch that waits longer would endanger nothing yet.
   */
  static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private boolean busy;
  private int onlineWaiting;

  synchronized void enter(Urgency urgency) throws InterruptedException {
    switch (urgency) {
      case ONLINE -> {
        onlineWaiting++;
        try {
          while (busy) {
            wait();
          }
        } finally {
          onlineWaiting--;
        }
      }
      case BULK -> {
        long start = System.nanoTime();
        while (busy || (onlineWaiting > 0 && System.nanoTime() - start < PATIENCE_NANOS)) {
          wait(PATIENCE_NANOS / 1_000_000);
        }
      }
    }
    busy = true;
  }

  synchronized void leave() {
    busy = false;
    notifyAll();
  }
}
