package dev.lookalike.query.index;

import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.ImageVersion;
import java.util.Optional;

/** Something that the log says of an image. */
public sealed interface Change {
  String imageId();

  /** The version of the image that it speaks of. */
  ImageVersion version();

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
   * What was said later.
   *
   * @param offset of the record in its partition: of two that say the same thing of the same
   *     version, the later holds
   */
  record Annotation(String imageId, long offset, AnnotationEvent event) implements Change {
    @Override
    public ImageVersion version() {
      return event.getImageVersion();
    }

    /** What is spoken of; a later word on the same subject replaces the earlier. */
    String subject() {
      return event.hasLabels()
          ? "labels/" + event.getLabels().getSourceValue()
          : "attributes/" + event.getAttribute().getName();
    }
  }
}
