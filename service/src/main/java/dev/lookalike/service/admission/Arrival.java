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
 * The message that one call receives at present, and the place that is held for it. Counts the
 * bytes as they come off the wire and takes room for them in steps, before they are parsed; where
 * there is no room, where a message is too long or comes too slowly, the call is refused.
 * Thread-safe.
 *
 * <p>Invariant, under the monitor: the place, if there is one, covers {@code cost}; what costs no
 * more than {@code free} needs none. Once {@code over}, no place is held or taken.
 */
public class Arrival extends ServerStreamTracer {
  /** The arrival of the present call. */
  public static final Context.Key<Arrival> CURRENT = Context.key("arrival");

  /** Room is taken in steps of so many bytes. */
  private static final long STEP = 256 << 10;

  /**
   * What a frame costs beside its bytes: the objects that hold it until the message is whole. A
   * sender chooses how small its frames are.
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
   * @param factor what each byte of a message takes: itself, and what is made of it
   * @param refusals runs what refuses a call, not in the caller's stack
   */
  public Arrival(Admission admission, int factor, Executor refusals) {
    this.admission = admission;
    this.factor = factor;
    this.refusals = refusals;
    this.most = Long.MAX_VALUE;
    this.free = Long.MAX_VALUE;
  }

  /**
   * What the call may send.
   *
   * @param costsNothing up to so many bytes need no place
   * @param largest bytes of a message, at most
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

  /** From now on the sender has to hurry, also if nothing has come yet. */
  public synchronized void hurry(long now) {
    arriving = true;
    began = now;
    progressed = now;
  }

  /** Everything that was expected is here: the sender need not hurry any more. */
  public synchronized void complete() {
    arriving = false;
  }

  /** Whether the call is being refused, or has ended. */
  public synchronized boolean isOver() {
    return over;
  }

  /** Holds a place that was taken for the next message; gives it back where it comes too late. */
  public void hold(Admission.Reservation taken) {
    synchronized (this) {
      if (!over && place == null) {
        place = taken;
        return;
      }
    }
    taken.close();
  }

  /** Gives the place back unless a message is arriving. */
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

  /** Hands the place of a whole message over to whoever works on it; null where there is none. */
  public synchronized Admission.@Nullable Reservation take() {
    Admission.Reservation taken = place;
    place = null;
    cost = 0;
    arriving = false;
    return taken;
  }

  /** Gives back what the message turned out not to need. */
  public void shrink(long needed) {
    Admission.Reservation now;
    synchronized (this) {
      now = place;
    }
    if (now != null) {
      now.shrinkTo(needed);
    }
  }

  /** Ends the call's holding; a second call does nothing. */
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
   * Makes sure that a message which costs so much has room.
   *
   * @return false when it has none: then the call is being refused
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
                "a message of this call has at most "
                    + most
                    + " bytes, its frames' overhead included");
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

  /** Refuses the call if what was begun does not come on. */
  void check(long now, long mayPause, long mayTake) {
    synchronized (this) {
      if (!arriving || over || (now - progressed < mayPause && now - began < mayTake)) {
        return;
      }
    }
    refuse(new RefusedException(ErrorCode.INVALID_ARGUMENT, "the message came too slowly"));
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
