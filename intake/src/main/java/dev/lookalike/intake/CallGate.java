package dev.lookalike.intake;

import io.grpc.Codec;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.DecompressorRegistry;
import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quarkus.grpc.GlobalInterceptor;
import io.quarkus.grpc.api.ServerBuilderCustomizer;
import io.quarkus.grpc.runtime.config.GrpcServerConfiguration;
import io.vertx.core.Vertx;
import io.vertx.grpc.VertxServerBuilder;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what gRPC messages hold from their first frame on, before they are whole and parsed. A
 * call that has no room, or whose message does not come on, is refused at once. The room is held
 * until the call ends.
 */
@GlobalInterceptor
@Singleton
public class CallGate implements ServerInterceptor, ServerBuilderCustomizer<VertxServerBuilder> {
  private static final Context.Key<Arrival> CURRENT = Context.key("arrival");

  /** Bytes that a sender may be ahead of what is read, for each connection. */
  private static final int WINDOW = 256 << 10;

  private static final int CALLS_PER_CONNECTION = 100;
  private static final long IDLE_CONNECTION_MINUTES = 10;
  private static final long LOOK_EVERY_MILLIS = 250;

  /** What needs no room. */
  private static final long SMALL = 64 << 10;

  /** Room is taken in steps of so many bytes. */
  private static final long STEP = 256 << 10;

  /** What a frame costs beside its bytes: a sender chooses how small its frames are. */
  private static final long FRAME_COST = 512;

  private final Intake intake;
  private final IntakeRefusal refusal;
  private final Vertx vertx;
  private final Set<Arrival> open = ConcurrentHashMap.newKeySet();
  private final long watch;

  public CallGate(Intakes intakes, Vertx vertx) {
    this.intake = intakes.intake();
    this.refusal = intakes.refusal();
    this.vertx = vertx;
    long mayPause = intakes.stallTimeout().toNanos();
    long mayTake = intakes.readTimeout().toNanos();
    this.watch =
        vertx.setPeriodic(
            LOOK_EVERY_MILLIS,
            timer -> {
              long now = System.nanoTime();
              open.forEach(arrival -> arrival.check(now, mayPause, mayTake));
            });
  }

  @Override
  public void customize(GrpcServerConfiguration configuration, VertxServerBuilder builder) {
    builder
        .nettyBuilder()
        .flowControlWindow(WINDOW)
        .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
        .maxConnectionIdle(IDLE_CONNECTION_MINUTES, TimeUnit.MINUTES);
    // What a compressed message becomes is not known before it is read whole; images are
    // compressed.
    builder.decompressorRegistry(
        DecompressorRegistry.emptyInstance().with(Codec.Identity.NONE, false));
    builder.addStreamTracerFactory(
        new ServerStreamTracer.Factory() {
          @Override
          public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
            Arrival arrival = new Arrival();
            open.add(arrival);
            return arrival;
          }
        });
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Arrival arrival = CURRENT.get();
    if (arrival == null) {
      return next.startCall(call, headers);
    }
    boolean single =
        call.getMethodDescriptor().getType() == MethodType.UNARY
            || call.getMethodDescriptor().getType() == MethodType.SERVER_STREAMING;
    Gated<Q, A> gated = new Gated<>(call, arrival, single);
    arrival.refuseBy(gated::refuse);
    Context context = Context.current().withValue(CURRENT, arrival);
    return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
        Contexts.interceptCall(context, gated, headers, next)) {
      @Override
      public void onMessage(Q message) {
        if (!arrival.isOver()) {
          super.onMessage(message);
        }
      }

      @Override
      public void onHalfClose() {
        arrival.complete();
        if (!arrival.isOver()) {
          super.onHalfClose();
        }
      }
    };
  }

  private static final class Gated<Q, A>
      extends ForwardingServerCall.SimpleForwardingServerCall<Q, A> {
    private final Arrival arrival;
    private final boolean single;
    private boolean asked;
    private volatile boolean refused;

    Gated(ServerCall<Q, A> call, Arrival arrival, boolean single) {
      super(call);
      this.arrival = arrival;
      this.single = single;
    }

    @Override
    public void request(int messages) {
      if (!single) {
        super.request(messages);
      } else if (!asked) {
        asked = true;
        arrival.hurry();
        // One, though stubs ask for two: a second message would only take memory.
        super.request(1);
      }
    }

    private void refuse(StatusRuntimeException status) {
      if (!refused) {
        refused = true;
        Metadata trailers = status.getTrailers();
        super.close(status.getStatus(), trailers == null ? new Metadata() : trailers);
      }
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (!refused) {
        super.close(status, trailers);
      }
    }
  }

  /** How a call is refused. */
  private interface Refusing {
    void refuse(StatusRuntimeException status);
  }

  /**
   * The message that one call receives. Thread-safe. Invariant, under the monitor: the place covers
   * {@code cost}, or the call is being refused.
   */
  private final class Arrival extends ServerStreamTracer {
    private final Intake.Place place = intake.place();
    private @Nullable Refusing refusing;
    private long cost;
    private boolean arriving;
    private boolean over;
    private long began;
    private long progressed;

    synchronized void refuseBy(Refusing how) {
      refusing = how;
    }

    synchronized void hurry() {
      arriving = true;
      began = System.nanoTime();
      progressed = began;
    }

    synchronized boolean isOver() {
      return over;
    }

    synchronized void complete() {
      arriving = false;
    }

    void check(long now, long mayPause, long mayTake) {
      synchronized (this) {
        if (!arriving || (now - progressed < mayPause && now - began < mayTake)) {
          return;
        }
      }
      refuse(refusal.slow());
    }

    private void refuse(StatusRuntimeException status) {
      Refusing how;
      synchronized (this) {
        how = refusing;
        refusing = null;
        arriving = false;
        over = true;
      }
      place.close();
      if (how != null) {
        // Not in the stack of the frame that was too much: that would pull its buffers away.
        vertx.runOnContext(later -> how.refuse(status));
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
    }

    @Override
    public void inboundWireSize(long bytes) {
      boolean covered;
      synchronized (this) {
        cost += bytes + FRAME_COST;
        progressed = System.nanoTime();
        covered = cost <= SMALL || place.cover((cost + STEP - 1) / STEP * STEP);
      }
      if (!covered) {
        refuse(refusal.full());
      }
    }

    @Override
    public void streamClosed(Status status) {
      open.remove(this);
      place.close();
    }
  }

  @PreDestroy
  void close() {
    vertx.cancelTimer(watch);
  }
}
