package dev.lookalike.query.catalog;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/** Bounds how many requests do the same kind of work at a time; one more is refused at once. */
public final class Slots {
  private final Semaphore free;
  private final String what;

  /**
   * @param what is bounded, for the message: "searches"
   */
  public Slots(int slots, String what) {
    this.free = new Semaphore(slots);
    this.what = what;
  }

  /**
   * Does the work in a slot of its own.
   *
   * @throws RefusedException FULL if none is free
   */
  public <T> T with(Supplier<T> work) {
    if (!free.tryAcquire()) {
      throw new RefusedException(
          ErrorCode.FULL, "Too many " + what + " at the moment; try again in a second.");
    }
    try {
      return work.get();
    } finally {
      free.release();
    }
  }
}
