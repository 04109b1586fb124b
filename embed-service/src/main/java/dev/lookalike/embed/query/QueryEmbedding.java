package dev.lookalike.embed.query;

import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.service.error.ErrorCode;

/** What became of one query image. */
sealed interface QueryEmbedding {
  /**
   * @param sha256 of the bytes of the request, 32 bytes
   */
  record Embedded(Inferred.Embedding embedding, long perceptualHash, byte[] sha256)
      implements QueryEmbedding {}

  /** Refused by this code; the others of the request are answered all the same. */
  record Refused(ErrorCode code, String detail) implements QueryEmbedding {}
}
