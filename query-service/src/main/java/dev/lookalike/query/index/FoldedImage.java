package dev.lookalike.query.index;

import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What {@link Fold} has made of all changes of one image id: the record that an index keeps.
 *
 * @param outcome of the newest version that has one; empty while only annotations are known
 * @param annotations of that version, and of versions that have no outcome yet
 */
public record FoldedImage(
    String imageId, Optional<Change.Outcome> outcome, List<Change.Annotation> annotations) {
  public FoldedImage {
    annotations = List.copyOf(annotations);
  }

  /** What the index says about this image; empty while it has no outcome. */
  public Optional<Entry> entry() {
    return outcome.map(
        newest -> {
          EmbeddingEvent event = newest.event();
          return new Entry(
              imageId,
              event.getSource(),
              state(event),
              event,
              attributes(event),
              labels(event),
              newest.embedding());
        });
  }

  private static State state(EmbeddingEvent event) {
    return switch (event.getOutcomeCase()) {
      case EMBEDDED -> State.SEARCHABLE;
      case REJECTED -> State.REJECTED;
      case REMOVED -> State.DELETED;
      case OUTCOME_NOT_SET -> throw new IllegalStateException("the outcome is not set");
    };
  }

  private Map<String, AttributeValue> attributes(EmbeddingEvent event) {
    Map<String, AttributeValue> attributes =
        new TreeMap<>(
            event.hasEmbedded()
                ? event.getEmbedded().getAttributesMap()
                : event.getRejected().getAttributesMap());
    for (Change.Annotation annotation : applied(event.getSource())) {
      if (annotation.event().hasAttribute()) {
        String name = annotation.event().getAttribute().getName();
        if (annotation.event().getAttribute().hasValue()) {
          attributes.put(name, annotation.event().getAttribute().getValue());
        } else {
          attributes.remove(name);
        }
      }
    }
    return attributes;
  }

  private List<Label> labels(EmbeddingEvent event) {
    List<Label> labels =
        new ArrayList<>(
            event.hasEmbedded()
                ? event.getEmbedded().getLabelsList()
                : event.getRejected().getLabelsList());
    for (Change.Annotation annotation : applied(event.getSource())) {
      if (annotation.event().hasLabels()) {
        LabelSource source = annotation.event().getLabels().getSource();
        labels.removeIf(label -> label.getSource() == source);
        labels.addAll(annotation.event().getLabels().getLabelsList());
      }
    }
    // A user's labels are the truth: the labels of a classifier taught from them do not count.
    if (labels.stream().anyMatch(label -> label.getSource() == LabelSource.LABEL_SOURCE_USER)) {
      labels.removeIf(label -> label.getSource() == LabelSource.LABEL_SOURCE_TAUGHT);
    }
    labels.addAll(event.getEmbedded().getModelLabelsList());
    return labels;
  }

  private List<Change.Annotation> applied(ImageVersion version) {
    return annotations.stream().filter(annotation -> annotation.version().equals(version)).toList();
  }
}
