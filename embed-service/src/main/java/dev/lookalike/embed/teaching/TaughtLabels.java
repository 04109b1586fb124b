package dev.lookalike.embed.teaching;

import com.google.protobuf.Timestamp;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.LabelsAnnotation;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What classifiers say of images, as annotations. */
public final class TaughtLabels {
  private TaughtLabels() {}

  /** Whether a user has labelled the image already: then no classifier is asked. */
  public static boolean areNotWanted(List<Label> uploaded) {
    return uploaded.stream().anyMatch(each -> each.getSource() == LabelSource.LABEL_SOURCE_USER);
  }

  /**
   * The annotation that replaces what classifiers have said of an image.
   *
   * @param label empty: they say nothing of it any more
   */
  public static AnnotationEvent event(ImageVersion version, Optional<Label> label, Instant now) {
    LabelsAnnotation.Builder labels =
        LabelsAnnotation.newBuilder().setSource(LabelSource.LABEL_SOURCE_TAUGHT);
    label.ifPresent(labels::addLabels);
    return AnnotationEvent.newBuilder()
        .setImageVersion(version)
        .setLabels(labels)
        .setAnnotatedAt(
            Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()))
        .build();
  }
}
