package dev.lookalike.embed.server;

import io.grpc.Status;

/**
 * The stable codes of this service, with the status that each has over HTTP and gRPC. This is the
 * only place that decides a status; docs/contracts.md publishes the same table.
 */
public enum ErrorCode {
  UNAUTHENTICATED(401, Status.Code.UNAUTHENTICATED, "A key is needed"),
  PERMISSION_DENIED(403, Status.Code.PERMISSION_DENIED, "The key does not open this"),

  INVALID_ARGUMENT(400, Status.Code.INVALID_ARGUMENT, "Invalid request"),
  INVALID_REGION(400, Status.Code.INVALID_ARGUMENT, "Invalid region"),

  EMPTY(415, Status.Code.INVALID_ARGUMENT, "Empty image"),
  UNKNOWN_FORMAT(415, Status.Code.INVALID_ARGUMENT, "Not an image format that is known"),
  HEIC(415, Status.Code.INVALID_ARGUMENT, "HEIC is not supported"),
  AVIF(415, Status.Code.INVALID_ARGUMENT, "AVIF is not supported"),
  UNSUPPORTED_FORMAT(415, Status.Code.INVALID_ARGUMENT, "Unsupported image format"),
  TOO_MANY_BYTES(413, Status.Code.INVALID_ARGUMENT, "Too many bytes"),
  TOO_MANY_PIXELS(413, Status.Code.INVALID_ARGUMENT, "Too many pixels"),
  TRUNCATED(422, Status.Code.INVALID_ARGUMENT, "Truncated image"),
  CORRUPT(422, Status.Code.INVALID_ARGUMENT, "Corrupt image"),
  UNSUPPORTED_FEATURE(422, Status.Code.INVALID_ARGUMENT, "Unsupported image feature"),
  TOO_SMALL(422, Status.Code.INVALID_ARGUMENT, "Image too small"),
  NOT_ENCODABLE(422, Status.Code.INVALID_ARGUMENT, "Image cannot be bounded"),

  EMBEDDING_NOT_FINITE(422, Status.Code.INVALID_ARGUMENT, "Image without a finite embedding"),
  EMBEDDING_ZERO(422, Status.Code.INVALID_ARGUMENT, "Image with an embedding of zeros"),
  MODEL_FAILED(500, Status.Code.INTERNAL, "Model failed"),

  COLLECTION_NOT_FOUND(404, Status.Code.NOT_FOUND, "No such collection"),
  CLASSIFIER_NOT_FOUND(404, Status.Code.NOT_FOUND, "The collection is not taught"),

  FULL(429, Status.Code.RESOURCE_EXHAUSTED, "Too much in work"),

  BROKER_UNAVAILABLE(503, Status.Code.UNAVAILABLE, "Broker unavailable"),
  NOT_BOUND(503, Status.Code.UNAVAILABLE, "No model serves the collection"),

  INTERNAL(500, Status.Code.INTERNAL, "Internal error");

  private final int http;
  private final Status.Code grpc;
  private final String title;

  ErrorCode(int http, Status.Code grpc, String title) {
    this.http = http;
    this.grpc = grpc;
    this.title = title;
  }

  /** HTTP status. */
  public int http() {
    return http;
  }

  /** gRPC status. */
  public Status.Code grpc() {
    return grpc;
  }

  /** One short phrase, the same for each occurrence. */
  public String title() {
    return title;
  }

  /** Whether the same request may succeed later. */
  public boolean retryable() {
    return switch (grpc) {
      case RESOURCE_EXHAUSTED, UNAVAILABLE -> true;
      case OK,
          CANCELLED,
          UNKNOWN,
          INVALID_ARGUMENT,
          DEADLINE_EXCEEDED,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          FAILED_PRECONDITION,
          ABORTED,
          OUT_OF_RANGE,
          UNIMPLEMENTED,
          INTERNAL,
          DATA_LOSS,
          UNAUTHENTICATED ->
          false;
    };
  }
}
