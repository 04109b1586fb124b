package dev.lookalike.service.admission;

import dev.lookalike.service.admission.AdmissionPolicy.MessageLimit;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.GrpcErrors;
import dev.lookalike.service.error.RefusedException;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.quarkus.grpc.GlobalInterceptor;
import io.quarkus.grpc.api.ServerBuilderCustomizer;
import io.quarkus.grpc.runtime.config.GrpcServerConfiguration;
import io.vertx.core.Vertx;
import io.vertx.grpc.VertxServerBuilder;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Reserves memory for gRPC messages from their first frame on, before they are complete and parsed.
 * Refuses a call at once if there is no memory left, or if its message is too long or stalls. The
 * reservation is held until the call ends.
 */
@GlobalInterceptor
@Singleton
public class CallGate implements ServerInterceptor, ServerBuilderCustomizer<VertxServerBuilder> {
  private static final Metadata.Key<String> ENCODING =
      Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER);

  /**
   * Bytes that a sender may be ahead of the reader, for each waiting call and for each connection.
   * Fills a gigabit link with a latency of a few milliseconds.
   */
  private static final int WINDOW = 256 << 10;

  /** Concurrent calls of one connection; a client with more work starts the next when one ends. */
  private static final int CALLS_PER_CONNECTION = 100;

  private static final long IDLE_CONNECTION_MINUTES = 10;
  private static final long LOOK_EVERY_MILLIS = 250;

  private final Admission admission;
  private final AdmissionPolicy policy;
  private final Vertx vertx;
  private final Set<Arrival> open = ConcurrentHashMap.newKeySet();
  private final long watch;

  public CallGate(Admission admission, AdmissionPolicy policy, Vertx vertx) {
    this.admission = admission;
    this.policy = policy;
    this.vertx = vertx;
    long mayPause = policy.stallTimeout().toNanos();
    long mayTake = policy.readTimeout().toNanos();
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
    builder.addStreamTracerFactory(
        new ServerStreamTracer.Factory() {
          @Override
          public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
            return watched();
          }
        });
  }

  private Arrival watched() {
    // Not in the stack of the frame that was refused: its buffers are still in use there.
    Arrival arrival =
        new Arrival(
            admission, policy.factor(), refusal -> vertx.runOnContext(later -> refusal.run())) {
          @Override
          public void streamClosed(Status status) {
            open.remove(this);
            super.streamClosed(status);
          }
        };
    open.add(arrival);
    return arrival;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String encoding = headers.get(ENCODING);
    if (!policy.takesCompressed(call.getMethodDescriptor())
        && encoding != null
        && !encoding.equals("identity")) {
      GrpcErrors.close(
          call,
          new RefusedException(
              ErrorCode.UNSUPPORTED_MEDIA_TYPE,
              "compressed messages (grpc-encoding) are not accepted"));
      return new ServerCall.Listener<>() {};
    }
    Arrival arrival = Arrival.CURRENT.get();
    Optional<MessageLimit> limit = policy.limit(call.getMethodDescriptor());
    if (arrival == null || limit.isEmpty()) {
      return next.startCall(call, headers);
    }
    boolean single =
        call.getMethodDescriptor().getType() == MethodType.UNARY
            || call.getMethodDescriptor().getType() == MethodType.SERVER_STREAMING;
    Gated<Q, A> gated = new Gated<>(call, arrival, limit.get().free() == 0, single);
    arrival.expect(limit.get().free(), limit.get().most(), gated::refuse, System.nanoTime());
    Context context = Context.current().withValue(Arrival.CURRENT, arrival);
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

      @Override
      public void onCancel() {
        arrival.release();
        super.onCancel();
      }
    };
  }

  private final class Gated<Q, A> extends ForwardingServerCall.SimpleForwardingServerCall<Q, A> {
    private final Arrival arrival;
    private final boolean needsPlace;
    private final boolean single;
    private boolean asked;
    private volatile boolean refused;

    Gated(ServerCall<Q, A> call, Arrival arrival, boolean needsPlace, boolean single) {
      super(call);
      this.arrival = arrival;
      this.needsPlace = needsPlace;
      this.single = single;
    }

    @Override
    public void request(int messages) {
      if (!single) {
        super.request(messages);
        return;
      }
      if (asked) {
        return;
      }
      asked = true;
      arrival.hurry(System.nanoTime());
      if (!needsPlace || arrival.cover(1)) {
        // One, although stubs ask for two: a second message would only take memory.
        super.request(1);
      }
    }

    private void refuse(RefusedException reason) {
      if (!refused) {
        refused = true;
        policy.refused(getMethodDescriptor(), reason);
        GrpcErrors.close(delegate(), reason);
      }
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (!refused) {
        arrival.release();
        super.close(status, trailers);
      }
    }
  }

  @PreDestroy
  void close() {
    vertx.cancelTimer(watch);
  }
}
