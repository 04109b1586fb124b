package dev.lookalike.query.server;

import dev.lookalike.query.search.Code;
import io.grpc.Status;

/** What each code is at the edge, as the published contract says. */
public final class ErrorTable {
  /** Where ErrorInfo says that a code comes from. */
  public static final String DOMAIN = "lookalike";

  private ErrorTable() {}

  /** Status of HTTP. */
  public static int http(Code code) {
    return switch (code) {
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
}
