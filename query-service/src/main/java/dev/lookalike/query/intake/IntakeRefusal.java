package dev.lookalike.query.intake;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;

/** What those are told that are not let in; the codes are those of docs/contracts.md. */
final class IntakeRefusal {
  private static final String FULL =
      "As many requests as this service holds are in work; try again in a second.";

  private IntakeRefusal() {}

  /** 429, as a problem. */
  static void full(HttpServerResponse response) {
    var unused =
        response
            .setStatusCode(429)
            .putHeader("Content-Type", "application/problem+json")
            .putHeader("Retry-After", "1")
            .end(
                new JsonObject()
                    .put("type", "about:blank")
                    .put("title", "Full")
                    .put("status", 429)
                    .put("detail", FULL)
                    .put("code", "FULL")
                    .encode());
  }

  static StatusRuntimeException full() {
    return StatusProto.toStatusRuntimeException(
        status(Status.Code.RESOURCE_EXHAUSTED, "FULL", FULL)
            .addDetails(
                Any.pack(
                    RetryInfo.newBuilder()
                        .setRetryDelay(Duration.newBuilder().setSeconds(1))
                        .build()))
            .build());
  }

  static StatusRuntimeException slow() {
    return StatusProto.toStatusRuntimeException(
        status(Status.Code.INVALID_ARGUMENT, "INVALID_ARGUMENT", "The message came too slowly.")
            .build());
  }

  private static com.google.rpc.Status.Builder status(
      Status.Code status, String code, String message) {
    return com.google.rpc.Status.newBuilder()
        .setCode(status.value())
        .setMessage(message)
        .addDetails(
            Any.pack(ErrorInfo.newBuilder().setDomain("lookalike").setReason(code).build()));
  }
}
