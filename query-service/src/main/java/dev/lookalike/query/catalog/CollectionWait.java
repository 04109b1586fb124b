package dev.lookalike.query.catalog;

import java.time.Duration;
import java.util.function.Function;

/**
 * Finds the index of a collection. Waits a little for one that is on its way: that of a collection
 * created a moment ago, or any index after a start. What has been missing for longer is refused at
 * once.
 */
public final class CollectionWait {
  private final Function<String, Lookup> find;
  private final ProgressSignal signal;
  private final Duration patience;
  private final Slots waiting;

  /**
   * @param find how a collection stands, by its name or id
   * @param signal raised when that may have changed
   * @param patience from the first time that an index was missed
   * @param maxWaiting requests that may wait at the same time
   */
  public CollectionWait(
      Function<String, Lookup> find, ProgressSignal signal, Duration patience, int maxWaiting) {
    this.find = find;
    this.signal = signal;
    this.patience = patience;
    this.waiting = new Slots(maxWaiting, "requests that wait for a new collection");
  }

  /**
   * The index of a collection, or a refusal that says why there is none.
   *
   * @throws dev.lookalike.service.error.RefusedException as {@link Lookup#orRefuse}, or FULL
   */
  public Lookup.Ready ready(String nameOrId) {
    Lookup found = find.apply(nameOrId);
    if (isComing(found)) {
      found = waiting.with(() -> await(nameOrId));
    }
    return found.orRefuse(nameOrId);
  }

  private boolean isComing(Lookup lookup) {
    return switch (lookup) {
      case Lookup.NotReady notReady -> !notReady.away() && left(notReady.since()) > 0;
      case Lookup.NotBound notBound -> left(notBound.since()) > 0;
      case Lookup.Ready ready -> false;
      case Lookup.Unknown unknown -> false;
    };
  }

  private long left(long since) {
    return since + patience.toNanos() - System.nanoTime();
  }

  private Lookup await(String nameOrId) {
    // One deadline for whatever comes one after another: registry, build, index.
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      long seen = signal.count();
      Lookup found = find.apply(nameOrId);
      long left = deadline - System.nanoTime();
      if (!isComing(found) || left <= 0) {
        return found;
      }
      try {
        signal.await(seen, Duration.ofNanos(left));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return found;
      }
    }
  }
}
