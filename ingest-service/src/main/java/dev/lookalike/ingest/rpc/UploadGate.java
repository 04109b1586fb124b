package dev.lookalike.ingest.rpc;

import dev.lookalike.ingest.server.GrpcErrors;
import dev.lookalike.ingest.server.IngestMetrics;
import dev.lookalike.ingest.server.IngestMetrics.Operation;
import dev.lookalike.ingest.server.RefusedException;
import dev.lookalike.ingest.uploads.Admission;
import dev.lookalike.ingest.uploads.UploadSettings;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quarkus.grpc.GlobalInterceptor;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Takes the message of a PutImage call off the wire only when there is a place for it; until then
 * HTTP/2 holds the sender back, for a bounded time. The place is held until the call ends.
 */
@GlobalInterceptor
@ApplicationScoped
public class UploadGate implements ServerInterceptor {
  private static final Context.Key<Place> PLACE = Context.key("place");

  private final Admission admission;
  private final IngestMetrics metrics;

  private final Vertx vertx;
  private final Duration waitTimeout;

  public UploadGate(
      Admission admission, IngestMetrics metrics, UploadSettings settings, Vertx vertx) {
    this.admission = admission;
    this.metrics = metrics;
    this.vertx = vertx;
    this.waitTimeout = settings.waitTimeout();
  }

  /** Gives back what the message of the present call turned out not to need. */
  static void shrink(long needed) {
    Place place = PLACE.get();
    if (place != null) {
      place.shrink(needed);
    }
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (!call.getMethodDescriptor()
        .getFullMethodName()
        .equals(IngestGrpc.getPutImageMethod().getFullMethodName())) {
      return next.startCall(call, headers);
    }
    Place place = new Place();
    ServerCall<Q, A> gated =
        new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
          @Override
          public void request(int messages) {
            if (!place.asked()) {
              return;
            }
            try {
              Admission.Waiting later =
                  admission.reserveWhenFree(
                      admission.largest(),
                      granted -> {
                        if (place.hold(granted)) {
                          super.request(messages);
                        }
                      });
              place.waitingFor(later);
              if (later != null) {
                vertx.setTimer(waitTimeout.toMillis(), late -> expire());
              }
            } catch (RefusedException full) {
              refuse(full);
            }
          }

          private void expire() {
            if (place.giveUp()) {
              refuse(Admission.full());
            }
          }

          private void refuse(RefusedException full) {
            metrics.refused(Operation.PUT, full.code());
            StatusRuntimeException status = GrpcErrors.of(full);
            Metadata trailers = status.getTrailers();
            super.close(status.getStatus(), trailers == null ? new Metadata() : trailers);
          }

          @Override
          public void close(Status status, Metadata trailers) {
            place.release();
            super.close(status, trailers);
          }
        };
    Context context = Context.current().withValue(PLACE, place);
    return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
        Contexts.interceptCall(context, gated, headers, next)) {
      @Override
      public void onCancel() {
        place.release();
        super.onCancel();
      }
    };
  }

  /** The place of one call: asked for once, held, released once. */
  private static final class Place {
    private boolean asked;
    private boolean released;
    private Admission.@Nullable Reservation held;
    private Admission.@Nullable Waiting waiting;

    synchronized boolean asked() {
      boolean first = !asked;
      asked = true;
      return first;
    }

    void waitingFor(Admission.@Nullable Waiting later) {
      boolean tooLate;
      synchronized (this) {
        waiting = later;
        tooLate = released;
      }
      if (tooLate && later != null) {
        later.cancel();
      }
    }

    boolean hold(Admission.Reservation granted) {
      synchronized (this) {
        if (!released) {
          held = granted;
          return true;
        }
      }
      granted.close();
      return false;
    }

    void shrink(long needed) {
      Admission.Reservation now;
      synchronized (this) {
        now = held;
      }
      if (now != null) {
        now.shrinkTo(needed);
      }
    }

    /** Ends the waiting; false when there is nothing to wait for any more. */
    boolean giveUp() {
      synchronized (this) {
        if (held != null || released) {
          return false;
        }
        released = true;
      }
      release();
      return true;
    }

    void release() {
      Admission.Reservation now;
      Admission.Waiting later;
      synchronized (this) {
        released = true;
        now = held;
        held = null;
        later = waiting;
        waiting = null;
      }
      if (now != null) {
        now.close();
      }
      if (later != null) {
        later.cancel();
      }
    }
  }
}
