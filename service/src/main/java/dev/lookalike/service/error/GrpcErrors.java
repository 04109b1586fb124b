package dev.lookalike.service.error;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Optional;

/** Refusals in gRPC: a status with ErrorInfo, and RetryInfo if a retry may succeed. */
public final class GrpcErrors {
  /** Domain of every ErrorInfo. */
  static final String DOMAIN = "lookalike";

  private static final RetryInfo RETRY =
      RetryInfo.newBuilder()
          .setRetryDelay(Duration.newBuilder().setSeconds(Problem.RETRY_AFTER_SECONDS))
          .build();

  private GrpcErrors() {}

  /** The status for an exception that ended a call, see {@link Refusals#of}. */
  public static StatusRuntimeException of(Throwable e) {
    return StatusProto.toStatusRuntimeException(status(Refusals.of(e)));
  }

  /**
   * The code with which another service refused a call; empty if it gave none of ours, for example
   * because it was not reached.
   */
  public static Optional<ErrorCode> codeOf(StatusRuntimeException answer) {
    com.google.rpc.Status status = StatusProto.fromThrowable(answer);
    if (status == null) {
      return Optional.empty();
    }
    for (Any detail : status.getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        try {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          return info.getDomain().equals(DOMAIN)
              ? ErrorCode.named(info.getReason())
              : Optional.empty();
        } catch (InvalidProtocolBufferException e) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  /** Ends a call with a refusal. */
  public static void close(ServerCall<?, ?> call, RefusedException refused) {
    StatusRuntimeException status = of(refused);
    Metadata trailers = status.getTrailers();
    call.close(status.getStatus(), trailers == null ? new Metadata() : trailers);
  }

  private static com.google.rpc.Status status(RefusedException refused) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(refused.code().grpc().value())
            .setMessage(refused.detail())
            .addDetails(
                Any.pack(
                    ErrorInfo.newBuilder()
                        .setDomain(DOMAIN)
                        .setReason(refused.code().name())
                        .build()));
    if (refused.code().retryable()) {
      status.addDetails(Any.pack(RETRY));
    }
    return status.build();
  }
}
