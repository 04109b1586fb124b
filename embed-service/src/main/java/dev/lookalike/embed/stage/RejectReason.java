package dev.lookalike.embed.stage;

import dev.lookalike.embed.infer.Inferred;

/** Why an acknowledged image cannot be searched. The names are published (docs/contracts.md). */
public enum RejectReason {
  /** The record is no image event that this version knows. */
  RECORD_UNREADABLE,
  /** The canonical image cannot be decoded. */
  CANONICAL_UNREADABLE,
  /** The record refers to bytes that are not there. */
  CONTENT_UNAVAILABLE,
  EMBEDDING_NOT_FINITE,
  EMBEDDING_ZERO,
  /** The model fails on this image, alone. */
  MODEL_FAILED;

  static RejectReason of(Inferred.Failure failure) {
    return switch (failure) {
      case EMBEDDING_NOT_FINITE -> EMBEDDING_NOT_FINITE;
      case EMBEDDING_ZERO -> EMBEDDING_ZERO;
      case MODEL_FAILED -> MODEL_FAILED;
    };
  }

  /** Whether the model, and not the image, may be what is wrong. */
  boolean isTheModels() {
    return switch (this) {
      case MODEL_FAILED, EMBEDDING_NOT_FINITE -> true;
      case RECORD_UNREADABLE, CANONICAL_UNREADABLE, CONTENT_UNAVAILABLE, EMBEDDING_ZERO -> false;
    };
  }
}
