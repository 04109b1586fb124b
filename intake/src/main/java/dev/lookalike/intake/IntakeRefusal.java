package dev.lookalike.intake;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.lookalike.edge.Refusal;
import dev.lookalike.edge.Wording;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.vertx.core.http.HttpServerResponse;

/** What those are told that are not let in, by the error table of the service. */
final class IntakeRefusal {
  private static final int RETRY_AFTER_SECONDS = 1;

  private final Wording wording;
  private final IntakeOwner owner;

  IntakeRefusal(Wording wording, IntakeOwner owner) {
    this.wording = wording;
    this.owner = owner;
  }

  /** A problem, with the time after which it may be tried again. */
  void full(HttpServerResponse response) {
    Wording.Problem problem = wording.problem(Refusal.FULL, owner.full());
    var unused =
        response
            .setStatusCode(problem.status())
            .putHeader("Content-Type", "application/problem+json")
            .putHeader("Retry-After", String.valueOf(RETRY_AFTER_SECONDS))
            .end(problem.json());
  }

  /** The same over gRPC, with RetryInfo beside the ErrorInfo. */
  StatusRuntimeException full() {
    Status status = StatusProto.fromThrowable(wording.status(Refusal.FULL, owner.full()));
    return StatusProto.toStatusRuntimeException(
        status.toBuilder()
            .addDetails(
                Any.pack(
                    RetryInfo.newBuilder()
                        .setRetryDelay(Duration.newBuilder().setSeconds(RETRY_AFTER_SECONDS))
                        .build()))
            .build());
  }

  StatusRuntimeException slow() {
    return wording.status(Refusal.INVALID_ARGUMENT, owner.slow());
  }
}
