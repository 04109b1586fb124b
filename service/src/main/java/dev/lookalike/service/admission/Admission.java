package dev.lookalike.service.admission;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Admits requests before their bytes are read, or refuses them at once. Thread-safe; never blocks.
 *
 * <p>Invariant, under the monitor: {@code requests} is the number of open reservations and waiters,
 * at most {@code maxRequests}; {@code bytes} is the sum over the open reservations, at most {@code
 * maxBytes}, or there is only one. A waiter counts as a request, so the queue is bounded, too.
 */
public final class Admission {
  private final int maxRequests;
  private final long maxBytes;
  private final long largest;
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private int requests;
  private int places;
  private long bytes;

  private final String full;

  public Admission(AdmissionPolicy policy) {
    this(policy.maxRequests(), policy.maxBytes(), policy.largest(), policy.full());
  }

  /**
   * @param largest bytes counted for a request of unknown length
   * @param full detail of the refusal when full
   */
  Admission(int maxRequests, long maxBytes, long largest, String full) {
    this.maxRequests = maxRequests;
    this.maxBytes = maxBytes;
    this.largest = largest;
    this.full = full;
  }

  /** Capacity held for one request until it is closed. Closing twice does nothing. */
  public final class Reservation implements AutoCloseable {
    private long held;
    private boolean open = true;

    private Reservation(long held) {
      this.held = held;
    }

    /**
     * Reserves more.
     *
     * @throws RefusedException FULL
     */
    public void growTo(long needed) {
      synchronized (Admission.this) {
        if (needed <= held) {
          return;
        }
        if (open && (places == 1 || bytes + needed - held <= maxBytes)) {
          bytes += needed - held;
          held = needed;
          return;
        }
      }
      throw full();
    }

    /** Releases what the request turned out not to need. */
    public void shrinkTo(long needed) {
      synchronized (Admission.this) {
        if (open && needed < held) {
          bytes -= held - needed;
          held = needed;
        }
      }
      grantWaiting();
    }

    @Override
    public void close() {
      synchronized (Admission.this) {
        if (!open) {
          return;
        }
        open = false;
        requests--;
        places--;
        bytes -= held;
      }
      grantWaiting();
    }
  }

  /** A request that waits for its reservation. */
  public final class Waiting {
    private final long wanted;
    private final Consumer<Reservation> granted;

    private Waiting(long wanted, Consumer<Reservation> granted) {
      this.wanted = wanted;
      this.granted = granted;
    }

    /** Gives up waiting; does nothing once the reservation was granted. */
    public void cancel() {
      synchronized (Admission.this) {
        if (waiting.remove(this)) {
          requests--;
        }
      }
      grantWaiting();
    }
  }

  /** Bytes counted for a request of unknown length. */
  public long largest() {
    return largest;
  }

  /**
   * Reserves now.
   *
   * @param wanted bytes that will arrive, at most {@link #largest}
   * @throws RefusedException FULL
   */
  public Reservation reserve(long wanted) {
    synchronized (this) {
      if (requests < maxRequests && fits(wanted)) {
        return take(wanted);
      }
    }
    throw full();
  }

  /**
   * Reserves now or, if only bytes are short, as soon as they are free; for senders that can be
   * slowed down.
   *
   * @param granted called once with the reservation, on the caller's or another thread; must not
   *     block
   * @return null if it was granted at once
   * @throws RefusedException FULL if too many requests are in progress or waiting
   */
  public @Nullable Waiting reserveWhenFree(long wanted, Consumer<Reservation> granted) {
    Reservation now;
    synchronized (this) {
      if (requests >= maxRequests) {
        throw full();
      }
      if (!waiting.isEmpty() || !fits(wanted)) {
        Waiting later = new Waiting(wanted, granted);
        requests++;
        waiting.addLast(later);
        return later;
      }
      now = take(wanted);
    }
    granted.accept(now);
    return null;
  }

  /** A single request is always admitted. */
  private boolean fits(long wanted) {
    return places == 0 || bytes + wanted <= maxBytes;
  }

  private Reservation take(long wanted) {
    requests++;
    places++;
    bytes += wanted;
    return new Reservation(wanted);
  }

  private void grantWaiting() {
    while (true) {
      Waiting next;
      Reservation place;
      synchronized (this) {
        next = waiting.peekFirst();
        if (next == null || !fits(next.wanted)) {
          return;
        }
        waiting.removeFirst();
        requests--;
        place = take(next.wanted);
      }
      next.granted.accept(place);
    }
  }

  private RefusedException full() {
    return new RefusedException(ErrorCode.FULL, full);
  }

  /** Requests that hold or await a reservation. */
  public synchronized int requests() {
    return requests;
  }

  /** Bytes that are reserved. */
  public synchronized long bytes() {
    return bytes;
  }
}
