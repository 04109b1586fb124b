package dev.lookalike.ingest.server;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import org.jboss.logging.Logger;

/** Turns what a call throws into a status with ErrorInfo. */
public final class GrpcErrors {
  private static final Logger LOG = Logger.getLogger(GrpcErrors.class);

  /** Domain of every ErrorInfo. */
  static final String DOMAIN = "lookalike";

  /** When to come again if it was full, or missed another service. */
  private static final Duration RETRY_DELAY = Duration.newBuilder().setSeconds(1).build();

  private GrpcErrors() {}

  /** The status of a refusal; what is no refusal is logged and becomes INTERNAL. */
  public static StatusRuntimeException of(Throwable e) {
    return StatusProto.toStatusRuntimeException(status(refusal(e)));
  }

  /** What the caller is told of {@code e}; logs it if it is a fault of ours. */
  public static RefusedException refusal(Throwable e) {
    if (e instanceof RefusedException refused) {
      return refused;
    }
    LOG.error("a call failed", e);
    return new RefusedException(ErrorCode.INTERNAL, "see the log of the service");
  }

  static com.google.rpc.Status status(RefusedException refused) {
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
      status.addDetails(Any.pack(RetryInfo.newBuilder().setRetryDelay(RETRY_DELAY).build()));
    }
    return status.build();
  }
}
