package dev.lookalike.query.server;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import dev.lookalike.query.search.Code;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;

/** What each code is at the edge, as the published contract says. */
public final class ErrorTable {
  /** Where ErrorInfo says that a code comes from. */
  static final String DOMAIN = "lookalike";

  private ErrorTable() {}

  /** Status of HTTP. */
  public static int http(Code code) {
    return switch (code) {
      case UNAUTHENTICATED -> 401;
      case PERMISSION_DENIED -> 403;
      case INVALID_ARGUMENT,
          INVALID_IMAGE_ID,
          INVALID_COLLECTION_NAME,
          INVALID_FILTER,
          INVALID_CURSOR,
          INVALID_TOKEN,
          INVALID_VECTOR,
          INVALID_REGION ->
          400;
      case COLLECTION_NOT_FOUND, IMAGE_NOT_FOUND -> 404;
      case INDEX_SERVES_ONLY -> 409;
      case TOO_MANY_BYTES, TOO_MANY_PIXELS -> 413;
      case EMPTY, UNKNOWN_FORMAT, HEIC, AVIF, UNSUPPORTED_FORMAT -> 415;
      case TRUNCATED, CORRUPT, UNSUPPORTED_FEATURE, TOO_SMALL, NOT_ENCODABLE -> 422;
      case FULL -> 429;
      case INTERNAL -> 500;
      case BROKER_UNAVAILABLE,
          EMBED_UNAVAILABLE,
          QUERY_UNAVAILABLE,
          NOT_BOUND,
          CATCHING_UP,
          STORAGE_UNAVAILABLE ->
          503;
      case TOKEN_NOT_REACHED -> 504;
    };
  }

  /** Status of gRPC. */
  public static Status.Code grpc(Code code) {
    return switch (code) {
      case UNAUTHENTICATED -> Status.Code.UNAUTHENTICATED;
      case PERMISSION_DENIED -> Status.Code.PERMISSION_DENIED;
      case INVALID_ARGUMENT,
          INVALID_IMAGE_ID,
          INVALID_COLLECTION_NAME,
          INVALID_FILTER,
          INVALID_CURSOR,
          INVALID_TOKEN,
          INVALID_VECTOR,
          INVALID_REGION,
          EMPTY,
          UNKNOWN_FORMAT,
          HEIC,
          AVIF,
          UNSUPPORTED_FORMAT,
          TOO_MANY_BYTES,
          TOO_MANY_PIXELS,
          TRUNCATED,
          CORRUPT,
          UNSUPPORTED_FEATURE,
          TOO_SMALL,
          NOT_ENCODABLE ->
          Status.Code.INVALID_ARGUMENT;
      case COLLECTION_NOT_FOUND, IMAGE_NOT_FOUND -> Status.Code.NOT_FOUND;
      case INDEX_SERVES_ONLY -> Status.Code.FAILED_PRECONDITION;
      case FULL -> Status.Code.RESOURCE_EXHAUSTED;
      case TOKEN_NOT_REACHED -> Status.Code.DEADLINE_EXCEEDED;
      case BROKER_UNAVAILABLE,
          EMBED_UNAVAILABLE,
          QUERY_UNAVAILABLE,
          NOT_BOUND,
          CATCHING_UP,
          STORAGE_UNAVAILABLE ->
          Status.Code.UNAVAILABLE;
      case INTERNAL -> Status.Code.INTERNAL;
    };
  }

  /** An answer of gRPC. */
  public static StatusRuntimeException status(Code code, String message) {
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(grpc(code).value())
            .setMessage(message)
            .addDetails(
                Any.pack(ErrorInfo.newBuilder().setReason(code.name()).setDomain(DOMAIN).build()))
            .build());
  }
}
