package dev.lookalike.embed.stage;

import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.proto.events.v1.RemovalCause;
import dev.lookalike.proto.events.v1.Stored;

/** The fate of one record. Every record gets exactly one, in the order of the records. */
public sealed interface EmbedOutcome {
  RecordPosition position();

  /** Key of the record, and of its outcome. */
  byte[] key();

  record Embedded(
      RecordPosition position,
      byte[] key,
      Stored source,
      Inferred.Embedding embedding,
      long perceptualHash)
      implements EmbedOutcome {}

  /**
   * @param source as far as it could be read; else the empty message
   * @param detail one sentence for a person
   */
  record Rejected(
      RecordPosition position, byte[] key, Stored source, RejectReason reason, String detail)
      implements EmbedOutcome {}

  /**
   * @param acceptedAt of the record
   */
  record Removed(
      RecordPosition position,
      byte[] key,
      RemovalCause cause,
      com.google.protobuf.Timestamp acceptedAt)
      implements EmbedOutcome {}
}
