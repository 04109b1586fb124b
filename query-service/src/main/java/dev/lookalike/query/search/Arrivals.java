package dev.lookalike.query.search;

import dev.lookalike.query.log.Indexes;
import dev.lookalike.query.log.Indexes.Lookup;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;

/**
 * Finds the index of a collection, and waits a little for one that is just coming: of a collection
 * created a moment ago, or after a start. Whatever has been missing for longer is refused at once.
 */
final class Arrivals {
  private final Indexes indexes;
  private final Duration patience;
  private final Gate waiting;

  Arrivals(Indexes indexes, SearchSettings settings) {
    this.indexes = indexes;
    this.patience = settings.bindWait();
    this.waiting = new Gate(settings.maxWaiting(), "requests that wait for a new collection");
  }

  /**
   * The index of a collection, or the refusal that says why there is none.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, NOT_BOUND, CATCHING_UP, FULL
   */
  Lookup.Ready ready(String collection) {
    Lookup found = indexes.find(collection);
    if (isComing(found)) {
      found = waiting.with(() -> await(collection));
    }
    return Entries.ready(found, collection);
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

  private Lookup await(String collection) {
    // One deadline for all that may come one after another: registry, build, index.
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      long seen = indexes.signal().count();
      Lookup found = indexes.find(collection);
      long left = deadline - System.nanoTime();
      if (!isComing(found) || left <= 0) {
        return found;
      }
      try {
        indexes.signal().await(seen, Duration.ofNanos(left));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return found;
      }
    }
  }
}
