package dev.lookalike.edge;

import io.grpc.StatusRuntimeException;

/** How a service says what is refused before its endpoints are reached: by its error table. */
public interface Wording {
  /**
   * A problem of RFC 9457.
   *
   * @param status of HTTP
   * @param json its body
   */
  record Problem(int status, String json) {}

  Problem problem(Refusal refusal, String detail);

  /** The same over gRPC, with its ErrorInfo. */
  StatusRuntimeException status(Refusal refusal, String detail);
}
