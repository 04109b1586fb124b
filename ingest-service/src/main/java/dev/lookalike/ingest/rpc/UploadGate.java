package dev.lookalike.ingest.rpc;

import dev.lookalike.ingest.server.GrpcErrors;
import dev.lookalike.ingest.server.IngestMetrics;
import dev.lookalike.ingest.server.IngestMetrics.Operation;
import dev.lookalike.ingest.server.RefusedException;
import dev.lookalike.ingest.uploads.Admission;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Takes a message off the wire only where there is room for it, and refuses the call at once where
 * there is none. The place of an upload is held until its call ends.
 */
@GlobalInterceptor
@ApplicationScoped
public class UploadGate implements ServerInterceptor {
  private static final String PUT_IMAGE = IngestGrpc.getPutImageMethod().getFullMethodName();
  private static final String PUT_CLASSIFIER =
      IngestGrpc.getPutClassifierMethod().getFullMethodName();
  private static final String PUT_IMAGES = IngestGrpc.getPutImagesMethod().getFullMethodName();

  /** What is no upload needs no place up to so many bytes. */
  private static final long SMALL = 64 << 10;

  private final Admission admission;
  private final IngestMetrics metrics;

  public UploadGate(Admission admission, IngestMetrics metrics) {
    this.admission = admission;
    this.metrics = metrics;
  }

  /** Gives back what the message of the present call turned out not to need. */
  static void shrink(long needed) {
    Arrival arrival = Arrival.CURRENT.get();
    if (arrival != null) {
      arrival.shrink(needed);
    }
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Arrival arrival = Arrival.CURRENT.get();
    if (arrival == null || call.getMethodDescriptor().getFullMethodName().equals(PUT_IMAGES)) {
      return next.startCall(call, headers);
    }
    String method = call.getMethodDescriptor().getFullMethodName();
    boolean upload = method.equals(PUT_IMAGE) || method.equals(PUT_CLASSIFIER);
    boolean single =
        call.getMethodDescriptor().getType() == MethodType.UNARY
            || call.getMethodDescriptor().getType() == MethodType.SERVER_STREAMING;
    Gated<Q, A> gated = new Gated<>(call, arrival, upload, single);
    arrival.expect(
        upload ? 0 : SMALL,
        upload ? admission.largestMessage() : Admission.OVERHEAD_BYTES,
        gated::refuse,
        System.nanoTime());
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
    private final boolean upload;
    private final boolean single;
    private boolean asked;
    private volatile boolean refused;

    Gated(ServerCall<Q, A> call, Arrival arrival, boolean upload, boolean single) {
      super(call);
      this.arrival = arrival;
      this.upload = upload;
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
      if (!upload || arrival.cover(1)) {
        // One, though stubs ask for two: a second message would only take memory.
        super.request(1);
      }
    }

    private void refuse(RefusedException reason) {
      if (!refused) {
        refused = true;
        if (upload) {
          metrics.refused(operation(), reason.code());
        }
        StatusRuntimeException status = GrpcErrors.of(reason);
        Metadata trailers = status.getTrailers();
        super.close(status.getStatus(), trailers == null ? new Metadata() : trailers);
      }
    }

    private Operation operation() {
      return getMethodDescriptor().getFullMethodName().equals(PUT_CLASSIFIER)
          ? Operation.TEACH
          : Operation.PUT;
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (!refused) {
        arrival.release();
        super.close(status, trailers);
      }
    }
  }
}
