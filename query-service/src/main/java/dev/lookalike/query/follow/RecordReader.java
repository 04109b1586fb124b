package dev.lookalike.query.follow;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.log.AnnotationKey;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Sources;
import dev.lookalike.log.Versions;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.Embedded;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.Rejected;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.query.index.Change;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns records of the log into changes of the index of one build. A record that cannot be read is
 * a value too: the good records around it go through.
 *
 * @param outcomes the topic of the build's outcomes; every other topic holds annotations
 * @param generation of the build's topics
 * @param dimension of the build's model
 */
public record RecordReader(String outcomes, int generation, int dimension) {
  /** Longer keys are not image ids: those have at most 128 bytes. */
  private static final int MAX_KEY_BYTES = 1024;

  /** Allowed distance of an embedding's norm from 1, as the contract of the topic says. */
  private static final double NORM_TOLERANCE = 1e-3;

  /** What a record says. Each record says exactly one of these. */
  sealed interface Reading {
    record Changed(Change change) implements Reading {}

    /** A record without a value: a tombstone, which speaks of no version. */
    record Nothing() implements Reading {}

    /** A record that cannot be read. */
    record Unreadable(String reason) implements Reading {}

    /** An outcome that cannot be read, of the image that its key names. */
    record Garbled(String imageId, String reason) implements Reading {}
  }

  /** Reads a record of either topic. */
  Reading read(LogRecord record) {
    return record.topic().equals(outcomes)
        ? outcome(record.key(), record.value(), record.source(), record.partition())
        : annotation(record.key(), record.value(), record.offset());
  }

  /**
   * Reads an outcome. An embedded event whose vector is unusable becomes a rejected outcome: the
   * image stays accounted for. So does one that cannot be read at all, if its header says which
   * version it is the outcome of.
   *
   * @param source header of the record, see {@link Sources}; null where it has none
   * @param partition that the record was read from
   */
  Reading outcome(
      byte @Nullable [] key, byte @Nullable [] value, byte @Nullable [] source, int partition) {
    if (key == null || key.length == 0 || key.length > MAX_KEY_BYTES) {
      return new Reading.Unreadable("the key is not an image id");
    }
    if (value == null) {
      return new Reading.Nothing();
    }
    String imageId = Keys.imageId(key);
    EmbeddingEvent event;
    try {
      event = EmbeddingEvent.parseFrom(value);
    } catch (InvalidProtocolBufferException e) {
      return garbled(
          imageId, source, partition, "the value is not an embedding event: " + e.getMessage());
    }
    if (!isHere(event.getSource(), partition)) {
      return garbled(
          imageId,
          source,
          partition,
          "its source is in another generation or partition: " + Versions.text(event.getSource()));
    }
    return switch (event.getOutcomeCase()) {
      case EMBEDDED -> new Reading.Changed(embedded(imageId, event));
      case REJECTED, REMOVED ->
          new Reading.Changed(new Change.Outcome(imageId, event, Optional.empty()));
      case OUTCOME_NOT_SET ->
          new Reading.Changed(
              unreadable(
                  imageId, event.getSource(), "This release does not know this kind of outcome."));
    };
  }

  private boolean isHere(ImageVersion source, int partition) {
    return source.getGeneration() == generation && source.getPartition() == partition;
  }

  private Reading garbled(String imageId, byte @Nullable [] source, int partition, String reason) {
    return Optional.ofNullable(source)
        .flatMap(Sources::version)
        .filter(version -> isHere(version, partition))
        .<Reading>map(
            version ->
                new Reading.Changed(
                    unreadable(imageId, version, "The outcome cannot be read: " + reason)))
        .orElseGet(() -> new Reading.Garbled(imageId, reason));
  }

  /** The outcome of a version whose record cannot be read. */
  static Change.Outcome unreadable(String imageId, ImageVersion version, String detail) {
    return new Change.Outcome(
        imageId,
        EmbeddingEvent.newBuilder()
            .setSource(version)
            .setRejected(Rejected.newBuilder().setReason("RECORD_UNREADABLE").setDetail(detail))
            .build(),
        Optional.empty());
  }

  /** Reads an annotation. */
  Reading annotation(byte @Nullable [] key, byte @Nullable [] value, long offset) {
    Optional<AnnotationKey> read =
        key == null || key.length > MAX_KEY_BYTES ? Optional.empty() : Keys.annotation(key);
    if (read.isEmpty()) {
      return new Reading.Unreadable("the key is not that of an annotation");
    }
    if (value == null) {
      return new Reading.Nothing();
    }
    AnnotationEvent event;
    try {
      event = AnnotationEvent.parseFrom(value);
    } catch (InvalidProtocolBufferException e) {
      return new Reading.Unreadable("the value is not an annotation: " + e.getMessage());
    }
    ImageVersion version = event.getImageVersion();
    if (version.getGeneration() < 1) {
      return new Reading.Unreadable("it names no version");
    }
    String subject =
        switch (event.getAnnotationCase()) {
          case ATTRIBUTE -> "attributes/" + event.getAttribute().getName();
          case LABELS ->
              event.getLabels().getSource() == LabelSource.LABEL_SOURCE_TAUGHT
                  ? "labels/taught"
                  : event.getLabels().getSource() == LabelSource.LABEL_SOURCE_USER
                      ? "labels/user"
                      : "";
          case ANNOTATION_NOT_SET -> "";
        };
    if (!subject.equals(read.get().subject())) {
      return new Reading.Unreadable(
          "its key names " + read.get().subject() + ", its value something else");
    }
    if (!read.get().version().orElse(version).equals(version)) {
      return new Reading.Unreadable("its key and its value name different versions");
    }
    return new Reading.Changed(new Change.Annotation(read.get().imageId(), offset, event));
  }

  private Change embedded(String imageId, EmbeddingEvent event) {
    Embedded embedded = event.getEmbedded();
    float[] vector = new float[embedded.getEmbeddingCount()];
    double squares = 0;
    for (int i = 0; i < vector.length; i++) {
      vector[i] = embedded.getEmbedding(i);
      squares += (double) vector[i] * vector[i];
    }
    double norm = Math.sqrt(squares);
    if (vector.length != dimension) {
      return rejected(
          imageId,
          event,
          "RECORD_UNREADABLE",
          "The embedding has " + vector.length + " dimensions, the model " + dimension + ".");
    }
    if (!Double.isFinite(norm)) {
      return rejected(
          imageId,
          event,
          "EMBEDDING_NOT_FINITE",
          "The embedding contains values that are not finite numbers.");
    }
    if (Math.abs(norm - 1) > NORM_TOLERANCE) {
      return norm == 0
          ? rejected(imageId, event, "EMBEDDING_ZERO", "The embedding is zero.")
          : rejected(
              imageId, event, "RECORD_UNREADABLE", "The embedding has norm " + norm + ", not 1.");
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / norm);
    }
    EmbeddingEvent without =
        event.toBuilder().setEmbedded(embedded.toBuilder().clearEmbedding()).build();
    return new Change.Outcome(imageId, without, Optional.of(vector));
  }

  private static Change rejected(
      String imageId, EmbeddingEvent event, String reason, String detail) {
    Embedded embedded = event.getEmbedded();
    return new Change.Outcome(
        imageId,
        event.toBuilder()
            .setRejected(
                Rejected.newBuilder()
                    .setReason(reason)
                    .setDetail(detail)
                    .putAllAttributes(embedded.getAttributesMap())
                    .addAllLabels(embedded.getLabelsList())
                    .setOriginal(embedded.getOriginal()))
            .build(),
        Optional.empty());
  }
}
