package dev.lookalike.query.index;

import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.ImageVersion;
import java.util.Optional;

/** Something that the log says about an image. */
public sealed interface Change {
  String imageId();

  /** The version of the image that it is about. */
  ImageVersion version();

  /**
   * Makes sure that the change fits into an index.
   *
   * @throws IllegalArgumentException for an embedding of another length, or none where there must
   *     be one
   */
  default void requireDimension(int dimension) {
    if (this instanceof Outcome outcome && outcome.event().hasEmbedded()) {
      int length = outcome.embedding().map(vector -> vector.length).orElse(0);
      if (length != dimension) {
        throw new IllegalArgumentException(
            "embedding of " + length + " dimensions in an index of " + dimension);
      }
    }
  }

  /**
   * What became of a version.
   *
   * @param event without its embedding
   * @param embedding with an embedded event that is to be applied, and only then: unit length;
   *     owned by the change, never written to
   */
  record Outcome(String imageId, EmbeddingEvent event, Optional<float[]> embedding)
      implements Change {
    public Outcome {
      if (event.getEmbedded().getEmbeddingCount() > 0) {
        throw new IllegalArgumentException("the event still carries its embedding");
      }
      if (!event.hasEmbedded() && embedding.isPresent()) {
        throw new IllegalArgumentException("an embedding belongs to an embedded event");
      }
    }

    @Override
    public ImageVersion version() {
      return event.getSource();
    }
  }

  /**
   * What was said about a version later.
   *
   * @param offset of the record in its partition: of two on the same subject of the same version,
   *     the later holds
   */
  record Annotation(String imageId, long offset, AnnotationEvent event) implements Change {
    @Override
    public ImageVersion version() {
      return event.getImageVersion();
    }

    /** What it is about; a later annotation on the same subject replaces the earlier. */
    String subject() {
      return event.hasLabels()
          ? "labels/" + event.getLabels().getSourceValue()
          : "attributes/" + event.getAttribute().getName();
    }
  }
}
