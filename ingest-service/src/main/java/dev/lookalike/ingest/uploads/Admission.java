package dev.lookalike.ingest.uploads;

import dev.lookalike.ingest.server.ErrorCode;
import dev.lookalike.ingest.server.IngestMetrics;
import dev.lookalike.ingest.server.RefusedException;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets uploads in before their bytes are read, or refuses them at once. Thread-safe; never blocks.
 *
 * <p>Invariant, under the monitor: {@code requests} is the number of open reservations and waiters,
 * at most {@code maxRequests}; {@code bytes} is the sum over the open reservations, at most {@code
 * maxBytes}. A waiter takes a place among the requests, so the queue is bounded, too.
 */
@Singleton
public class Admission {
  /** What a request may carry beside its image: attributes, labels, boundaries of a form. */
  public static final long OVERHEAD_BYTES = 1 << 20;

  private final int maxRequests;
  private final long maxBytes;
  private final long largest;
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private int requests;
  private long bytes;

  @Inject
  public Admission(UploadSettings settings, IngestMetrics metrics) {
    this(
        settings.maxRequests(),
        settings
            .maxBytes()
            .map(size -> size.asLongValue())
            .orElse(Runtime.getRuntime().maxMemory() * 2 / 5),
        settings.maxImageBytes().asLongValue() + OVERHEAD_BYTES);
    metrics.inFlight(this::requests, this::bytes);
  }

  /**
   * @param largest what an upload of unknown length counts
   * @throws IllegalArgumentException if not even one such upload would be let in
   */
  Admission(int maxRequests, long maxBytes, long largest) {
    if (maxBytes < largest) {
      throw new IllegalArgumentException(
          "one upload may have %d bytes, all uploads together %d: lower lookalike.uploads.max-image-bytes, or raise lookalike.uploads.max-bytes or the heap"
              .formatted(largest, maxBytes));
    }
    this.maxRequests = maxRequests;
    this.maxBytes = maxBytes;
    this.largest = largest;
  }

  /** A place for one upload; closing it frees the place. Closing twice does nothing. */
  public final class Reservation implements AutoCloseable {
    private long held;
    private boolean open = true;

    private Reservation(long held) {
      this.held = held;
    }

    /**
     * Takes more.
     *
     * @throws RefusedException FULL
     */
    public void growTo(long needed) {
      synchronized (Admission.this) {
        if (needed <= held) {
          return;
        }
        if (open && bytes + needed - held <= maxBytes) {
          bytes += needed - held;
          held = needed;
          return;
        }
      }
      throw full();
    }

    /** Gives back what the upload turned out not to need. */
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
        bytes -= held;
      }
      grantWaiting();
    }
  }

  /** A request for a place that is not there yet. */
  public final class Waiting {
    private final long wanted;
    private final Consumer<Reservation> granted;

    private Waiting(long wanted, Consumer<Reservation> granted) {
      this.wanted = wanted;
      this.granted = granted;
    }

    /** Gives up waiting; does nothing once the place was granted. */
    public void cancel() {
      synchronized (Admission.this) {
        if (waiting.remove(this)) {
          requests--;
        }
      }
      grantWaiting();
    }
  }

  /** What an upload of unknown length counts. */
  public long largest() {
    return largest;
  }

  /** What a gRPC message may cost: a place of the largest size, and the frames that bring it. */
  public long largestMessage() {
    return largest + largest / 8;
  }

  /**
   * A place now.
   *
   * @param wanted bytes that will arrive, at most {@link #largest}
   * @throws RefusedException FULL
   */
  public Reservation reserve(long wanted) {
    synchronized (this) {
      if (requests < maxRequests && bytes + wanted <= maxBytes) {
        return take(wanted);
      }
    }
    throw full();
  }

  /**
   * A place now or, where only bytes are wanting, as soon as they are free; for senders that can be
   * held back.
   *
   * @param granted called once with the place, by the caller's or by another thread; must not block
   * @return null when it was granted at once
   * @throws RefusedException FULL when too many requests are in work or waiting
   */
  public @Nullable Waiting reserveWhenFree(long wanted, Consumer<Reservation> granted) {
    Reservation now;
    synchronized (this) {
      if (requests >= maxRequests) {
        throw full();
      }
      if (!waiting.isEmpty() || bytes + wanted > maxBytes) {
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

  private Reservation take(long wanted) {
    requests++;
    bytes += wanted;
    return new Reservation(wanted);
  }

  private void grantWaiting() {
    while (true) {
      Waiting next;
      Reservation place;
      synchronized (this) {
        next = waiting.peekFirst();
        if (next == null || bytes + next.wanted > maxBytes) {
          return;
        }
        waiting.removeFirst();
        requests--;
        place = take(next.wanted);
      }
      next.granted.accept(place);
    }
  }

  /** That there is no place. */
  public static RefusedException full() {
    return new RefusedException(
        ErrorCode.FULL, "as many uploads as this service holds are in work; try again soon");
  }

  synchronized int requests() {
    return requests;
  }

  synchronized long bytes() {
    return bytes;
  }
}
