package dev.lookalike.service.access;

import dev.lookalike.service.error.GrpcErrors;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.enterprise.inject.spi.Prioritized;
import jakarta.inject.Singleton;

/**
 * Admits gRPC calls that may proceed: first by the key, before any message is requested; then each
 * message by the collection that it names.
 */
@GlobalInterceptor
@Singleton
public class RpcGate implements ServerInterceptor, Prioritized {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final Access access;

  public RpcGate(Access access) {
    this.access = access;
  }

  /**
   * Runs before the interceptors of the services, which have no priority: the highest runs first.
   */
  @Override
  public int getPriority() {
    return 1000;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String method = call.getMethodDescriptor().getFullMethodName();
    return switch (access.call(method, headers.get(AUTHORIZATION))) {
      case Access.Verdict.Refused refused -> {
        GrpcErrors.close(call, refused.reason());
        yield new ServerCall.Listener<>() {};
      }
      case Access.Verdict.Admitted admitted -> {
        Context context = admitted.caller().enter(Context.current());
        yield admitted.caller().hasKey()
            ? messagesLetIn(method, admitted.caller(), context, call, headers, next)
            : Contexts.interceptCall(context, call, headers, next);
      }
    };
  }

  private <Q, A> ServerCall.Listener<Q> messagesLetIn(
      String method,
      Caller caller,
      Context context,
      ServerCall<Q, A> call,
      Metadata headers,
      ServerCallHandler<Q, A> next) {
    Closable<Q, A> closable = new Closable<>(call);
    return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
        Contexts.interceptCall(context, closable, headers, next)) {
      @Override
      public void onMessage(Q message) {
        if (closable.refused()) {
          return;
        }
        switch (access.message(method, caller, message)) {
          case Access.Verdict.Admitted admitted -> super.onMessage(message);
          case Access.Verdict.Refused refused -> {
            closable.refuse(refused);
            super.onCancel();
          }
        }
      }

      @Override
      public void onHalfClose() {
        if (!closable.refused()) {
          super.onHalfClose();
        }
      }

      @Override
      public void onComplete() {
        if (!closable.refused()) {
          super.onComplete();
        }
      }

      @Override
      public void onCancel() {
        if (!closable.refused()) {
          super.onCancel();
        }
      }
    };
  }

  /**
   * A call that may be refused while it is being answered.
   *
   * <p>Invariant, under the monitor: once refused, nothing more is sent.
   */
  private static final class Closable<Q, A>
      extends ForwardingServerCall.SimpleForwardingServerCall<Q, A> {
    private boolean refused;

    Closable(ServerCall<Q, A> call) {
      super(call);
    }

    synchronized boolean refused() {
      return refused;
    }

    synchronized void refuse(Access.Verdict.Refused reason) {
      refused = true;
      GrpcErrors.close(delegate(), reason.reason());
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
      if (!refused) {
        super.sendHeaders(headers);
      }
    }

    @Override
    public synchronized void sendMessage(A message) {
      if (!refused) {
        super.sendMessage(message);
      }
    }

    @Override
    public synchronized void close(Status status, Metadata trailers) {
      if (!refused) {
        super.close(status, trailers);
      }
    }
  }
}
