package dev.lookalike.embed.stage;

import com.google.protobuf.Timestamp;
import dev.lookalike.embed.model.runtime.OnnxModel.ClassProbability;
import dev.lookalike.proto.events.v1.Embedded;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.Rejected;
import dev.lookalike.proto.events.v1.Removed;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.proto.image.v1.ModelReference;
import java.time.Instant;

/** Outcomes as the embeddings topic has them. */
public final class OutcomeEvents {
  private OutcomeEvents() {}

  /**
   * @param generation of the collection's topics
   * @param model that computed it
   * @param device that computed it
   */
  public static EmbeddingEvent event(
      EmbedOutcome outcome, int generation, ModelReference model, String device, Instant now) {
    EmbeddingEvent.Builder event =
        EmbeddingEvent.newBuilder()
            .setSource(
                ImageVersion.newBuilder()
                    .setGeneration(generation)
                    .setPartition(outcome.position().partition())
                    .setOffset(outcome.position().offset()))
            .setProducedAt(
                Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()));
    switch (outcome) {
      case EmbedOutcome.Embedded embedded -> {
        event.setEmbedded(embedded(embedded, model, device));
        if (embedded.source().hasAcceptedAt()) {
          event.setAcceptedAt(embedded.source().getAcceptedAt());
        }
      }
      case EmbedOutcome.Rejected rejected -> {
        event.setRejected(rejected(rejected));
        if (rejected.source().hasAcceptedAt()) {
          event.setAcceptedAt(rejected.source().getAcceptedAt());
        }
      }
      case EmbedOutcome.Removed removed ->
          event
              .setRemoved(Removed.newBuilder().setCause(removed.cause()))
              .setAcceptedAt(removed.acceptedAt());
    }
    return event.build();
  }

  private static Embedded embedded(
      EmbedOutcome.Embedded outcome, ModelReference model, String device) {
    Embedded.Builder embedded =
        Embedded.newBuilder()
            .setPerceptualHash(outcome.perceptualHash())
            .putAllAttributes(outcome.source().getAttributesMap())
            .addAllLabels(outcome.source().getLabelsList())
            .setCanonical(outcome.source().getCanonical().toBuilder().clearLocation())
            .setModel(model)
            .setDevice(device);
    if (outcome.source().hasOriginal()) {
      embedded.setOriginal(outcome.source().getOriginal());
    }
    for (float value : outcome.embedding().values()) {
      embedded.addEmbedding(value);
    }
    for (ClassProbability each : outcome.embedding().classes()) {
      embedded.addModelLabels(
          Label.newBuilder()
              .setName(each.name())
              .setConfidence(each.probability())
              .setSource(LabelSource.LABEL_SOURCE_MODEL)
              .setSourceVersion(model.getDigest()));
    }
    return embedded.build();
  }

  private static Rejected rejected(EmbedOutcome.Rejected outcome) {
    Rejected.Builder rejected =
        Rejected.newBuilder()
            .setReason(outcome.reason().name())
            .setDetail(outcome.detail())
            .setAttempts(outcome.source().getAttempt())
            .putAllAttributes(outcome.source().getAttributesMap())
            .addAllLabels(outcome.source().getLabelsList());
    if (outcome.source().hasOriginal()) {
      rejected.setOriginal(outcome.source().getOriginal());
    }
    return rejected.build();
  }
}
