package dev.lookalike.service.admission;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.grpc.Context;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The message that a call is receiving, and its reservation. Counts the bytes as they come off the
 * wire and reserves memory for them in steps, before they are parsed. Refuses the call if there is
 * no memory left, or if a message is too long or too slow. Thread-safe.
 *
 * <p>Invariant, under the monitor: the reservation, if any, covers {@code cost}; a cost of at most
 * {@code free} needs none. Once {@code over}, nothing is held or reserved.
 */
public class Arrival extends ServerStreamTracer {
  /** The arrival of the current call. */
  public static final Context.Key<Arrival> CURRENT = Context.key("arrival");

  /** Memory is reserved in steps of this many bytes. */
  private static final long STEP = 256 << 10;

  /**
   * What a frame costs besides its bytes: the objects that hold it until the message is complete.
   * The sender chooses how small its frames are.
   */
  private static final long FRAME_COST = 512;

  private final Admission admission;
  private final int factor;
  private final Executor refusals;
  private long free;
  private long most;
  private @Nullable Consumer<RefusedException> refuse;
  private Admission.@Nullable Reservation place;
  private long cost;
  private boolean arriving;
  private long began;
  private long progressed;
  private boolean over;

  /**
   * @param factor bytes of memory for each byte of a message: the message and what is made from it
   * @param refusals runs the refusal of a call, outside the caller's stack
   */
  public Arrival(Admission admission, int factor, Executor refusals) {
    this.admission = admission;
    this.factor = factor;
    this.refusals = refusals;
    this.most = Long.MAX_VALUE;
    this.free = Long.MAX_VALUE;
  }

  /**
   * Sets what the call may send.
   *
   * @param costsNothing up to this many bytes need no reservation
   * @param largest largest number of bytes of a message
   * @param refusing refuses the call; called once
   */
  public synchronized void expect(
      long costsNothing, long largest, Consumer<RefusedException> refusing, long now) {
    free = costsNothing;
    most = largest;
    refuse = refusing;
    began = now;
    progressed = now;
  }

  /** Starts the sender's deadline, even if nothing has arrived yet. */
  public synchronized void hurry(long now) {
    arriving = true;
    began = now;
    progressed = now;
  }

  /** Everything expected has arrived: ends the sender's deadline. */
  public synchronized void complete() {
    arriving = false;
  }

  /** Whether the call is being refused, or has ended. */
  public synchronized boolean isOver() {
    return over;
  }

  /** Holds a reservation for the next message; releases it if the call is over. */
  public void hold(Admission.Reservation taken) {
    synchronized (this) {
      if (!over && place == null) {
        place = taken;
        return;
      }
    }
    taken.close();
  }

  /** Releases the reservation unless a message is arriving. */
  public void letGoIfIdle() {
    Admission.Reservation unused = null;
    synchronized (this) {
      if (!arriving) {
        unused = place;
        place = null;
      }
    }
    if (unused != null) {
      unused.close();
    }
  }

  /** Hands over the reservation of a complete message; null if there is none. */
  public synchronized Admission.@Nullable Reservation take() {
    Admission.Reservation taken = place;
    place = null;
    cost = 0;
    arriving = false;
    return taken;
  }

  /** Releases what the message turned out not to need. */
  public void shrink(long needed) {
    Admission.Reservation now;
    synchronized (this) {
      now = place;
    }
    if (now != null) {
      now.shrinkTo(needed);
    }
  }

  /** Releases what the call holds; a second call does nothing. */
  public void release() {
    Admission.Reservation held;
    synchronized (this) {
      over = true;
      arriving = false;
      held = place;
      place = null;
    }
    if (held != null) {
      held.close();
    }
  }

  /**
   * Makes sure that the reservation covers a message.
   *
   * @return false if it cannot: then the call is being refused
   */
  public boolean cover(long needed) {
    RefusedException refused;
    synchronized (this) {
      if (over) {
        return false;
      }
      if (needed > most) {
        refused =
            new RefusedException(
                ErrorCode.TOO_MANY_BYTES,
                "a message of this call may have at most "
                    + most
                    + " bytes, including the overhead of frames");
      } else if (needed <= free) {
        return true;
      } else {
        long wanted = Math.min(admission.largest(), factor * ((needed + STEP - 1) / STEP * STEP));
        try {
          if (place == null) {
            place = admission.reserve(wanted);
          } else {
            place.growTo(wanted);
          }
          return true;
        } catch (RefusedException full) {
          refused = full;
        }
      }
    }
    refuse(refused);
    return false;
  }

  /** Refuses the call if its message has stalled. */
  void check(long now, long mayPause, long mayTake) {
    synchronized (this) {
      if (!arriving || over || (now - progressed < mayPause && now - began < mayTake)) {
        return;
      }
    }
    refuse(new RefusedException(ErrorCode.INVALID_ARGUMENT, "the message arrived too slowly"));
  }

  /** Refuses the call; the first reason counts. */
  public void refuse(RefusedException reason) {
    Consumer<RefusedException> refusing;
    synchronized (this) {
      refusing = refuse;
      refuse = null;
    }
    release();
    if (refusing != null) {
      refusals.execute(() -> refusing.accept(reason));
    }
  }

  @Override
  public Context filterContext(Context context) {
    return context.withValue(CURRENT, this);
  }

  @Override
  public void inboundMessage(int number) {
    synchronized (this) {
      cost = 0;
    }
    hurry(System.nanoTime());
  }

  @Override
  public void inboundWireSize(long bytes) {
    long now;
    synchronized (this) {
      cost += bytes + FRAME_COST;
      now = cost;
      progressed = System.nanoTime();
    }
    boolean unused = cover(now);
  }

  @Override
  public void streamClosed(Status status) {
    release();
  }
}
