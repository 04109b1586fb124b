package dev.lookalike.query.search;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/** Lets a bounded number of requests in; the next is refused at once. */
final class Gate {
  private final Semaphore places;
  private final String what;

  /**
   * @param what is bounded, for the message: "searches"
   */
  Gate(int places, String what) {
    this.places = new Semaphore(places);
    this.what = what;
  }

  /**
   * Does the work while holding a place.
   *
   * @throws RefusedException FULL if there is none
   */
  <T> T with(Supplier<T> work) {
    if (!places.tryAcquire()) {
      throw new RefusedException(
          ErrorCode.FULL, "Too many " + what + " at the moment; try again in a second.");
    }
    try {
      return work.get();
    } finally {
      places.release();
    }
  }
}
