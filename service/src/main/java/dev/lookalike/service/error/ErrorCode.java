package dev.lookalike.service.error;

import io.grpc.Status;
import java.util.Arrays;
import java.util.Optional;

/**
 * The stable error codes of all services, with their HTTP and gRPC status. No other class decides a
 * status; docs/contracts.md publishes the same table.
 */
public enum ErrorCode {
  UNAUTHENTICATED(401, Status.Code.UNAUTHENTICATED, "Key required"),
  PERMISSION_DENIED(403, Status.Code.PERMISSION_DENIED, "The key does not allow this"),

  INVALID_ARGUMENT(400, Status.Code.INVALID_ARGUMENT, "Invalid request"),
  INVALID_IMAGE_ID(400, Status.Code.INVALID_ARGUMENT, "Invalid image id"),
  INVALID_COLLECTION_NAME(400, Status.Code.INVALID_ARGUMENT, "Invalid collection name"),
  INVALID_ATTRIBUTE(400, Status.Code.INVALID_ARGUMENT, "Invalid attribute"),
  INVALID_FILTER(400, Status.Code.INVALID_ARGUMENT, "Invalid filter"),
  INVALID_CURSOR(400, Status.Code.INVALID_ARGUMENT, "Invalid cursor"),
  INVALID_TOKEN(400, Status.Code.INVALID_ARGUMENT, "Invalid token"),
  INVALID_VECTOR(400, Status.Code.INVALID_ARGUMENT, "Invalid vector"),
  INVALID_REGION(400, Status.Code.INVALID_ARGUMENT, "Invalid region"),

  PATH_NOT_FOUND(404, Status.Code.UNIMPLEMENTED, "No such path"),
  METHOD_NOT_ALLOWED(405, Status.Code.UNIMPLEMENTED, "Method not allowed on this path"),
  NOT_ACCEPTABLE(406, Status.Code.INVALID_ARGUMENT, "No acceptable media type"),
  UNSUPPORTED_MEDIA_TYPE(415, Status.Code.UNIMPLEMENTED, "Unsupported media type or encoding"),

  EMPTY(415, Status.Code.INVALID_ARGUMENT, "Empty image"),
  UNKNOWN_FORMAT(415, Status.Code.INVALID_ARGUMENT, "Unknown image format"),
  HEIC(415, Status.Code.INVALID_ARGUMENT, "HEIC is not supported"),
  AVIF(415, Status.Code.INVALID_ARGUMENT, "AVIF is not supported"),
  UNSUPPORTED_FORMAT(415, Status.Code.INVALID_ARGUMENT, "Unsupported image format"),
  TOO_MANY_BYTES(413, Status.Code.INVALID_ARGUMENT, "Too many bytes"),
  TOO_MANY_PIXELS(413, Status.Code.INVALID_ARGUMENT, "Too many pixels"),
  TRUNCATED(422, Status.Code.INVALID_ARGUMENT, "Truncated image"),
  CORRUPT(422, Status.Code.INVALID_ARGUMENT, "Corrupt image"),
  UNSUPPORTED_FEATURE(422, Status.Code.INVALID_ARGUMENT, "Unsupported image feature"),
  TOO_SMALL(422, Status.Code.INVALID_ARGUMENT, "Image too small"),
  NOT_ENCODABLE(422, Status.Code.INVALID_ARGUMENT, "Image cannot be encoded within the size limit"),
  EMBEDDING_NOT_FINITE(422, Status.Code.INVALID_ARGUMENT, "Image without a finite embedding"),
  EMBEDDING_ZERO(422, Status.Code.INVALID_ARGUMENT, "Image with an embedding of zeros"),

  COLLECTION_NOT_FOUND(404, Status.Code.NOT_FOUND, "No such collection"),
  IMAGE_NOT_FOUND(404, Status.Code.NOT_FOUND, "No such image"),
  CONTENT_NOT_FOUND(404, Status.Code.NOT_FOUND, "No such content"),
  CLASSIFIER_NOT_FOUND(404, Status.Code.NOT_FOUND, "The collection has no classifier"),

  COLLECTION_EXISTS(409, Status.Code.ALREADY_EXISTS, "Collection exists"),
  MODEL_NOT_SERVED(409, Status.Code.FAILED_PRECONDITION, "The model is not served"),
  MODEL_WANTS_MORE_PIXELS(
      409, Status.Code.FAILED_PRECONDITION, "The model needs larger images than are stored"),
  CLASSIFIER_OF_OTHER_BUILD(
      409, Status.Code.FAILED_PRECONDITION, "The classifier belongs to another build"),
  TOPICS_NOT_READY(409, Status.Code.FAILED_PRECONDITION, "Topics are missing or unsuitable"),
  NOT_REJECTED(409, Status.Code.FAILED_PRECONDITION, "Image is not rejected"),
  NOT_RETRYABLE(409, Status.Code.FAILED_PRECONDITION, "Nothing to retry"),
  NOT_SEARCHABLE(409, Status.Code.FAILED_PRECONDITION, "Image is not searchable"),
  SUPERSEDED(409, Status.Code.FAILED_PRECONDITION, "Replaced by a newer version"),
  INDEX_SERVES_ONLY(409, Status.Code.FAILED_PRECONDITION, "This process does not write the index"),

  FULL(429, Status.Code.RESOURCE_EXHAUSTED, "Too many requests in progress"),
  TOKEN_NOT_REACHED(504, Status.Code.DEADLINE_EXCEEDED, "The upload has no outcome yet"),

  BROKER_UNAVAILABLE(503, Status.Code.UNAVAILABLE, "Broker unavailable"),
  EMBED_UNAVAILABLE(503, Status.Code.UNAVAILABLE, "Embedding service unavailable"),
  QUERY_UNAVAILABLE(503, Status.Code.UNAVAILABLE, "Query service unavailable"),
  NOT_BOUND(503, Status.Code.UNAVAILABLE, "No model serves the collection"),
  CATCHING_UP(503, Status.Code.UNAVAILABLE, "The index is catching up"),
  STORAGE_UNAVAILABLE(503, Status.Code.UNAVAILABLE, "Storage unavailable"),

  MODEL_FAILED(500, Status.Code.INTERNAL, "Model failed"),
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

  /** A short phrase, the same for each occurrence. */
  public String title() {
    return title;
  }

  /** The code with this name; empty if unknown, as a code of a later release is. */
  public static Optional<ErrorCode> named(String name) {
    return Arrays.stream(values()).filter(code -> code.name().equals(name)).findFirst();
  }

  /** Whether the same request may succeed a moment later: then the answer says when to retry. */
  public boolean retryable() {
    return switch (grpc) {
      case RESOURCE_EXHAUSTED, UNAVAILABLE, DEADLINE_EXCEEDED -> true;
      case OK,
          CANCELLED,
          UNKNOWN,
          INVALID_ARGUMENT,
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
