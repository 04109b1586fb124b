package dev.lookalike.embed.log;

import com.google.protobuf.Timestamp;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.LabelsAnnotation;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Labels of classifiers as the annotations topic has them. */
final class TaughtLabels {
  private TaughtLabels() {}

  /** Whether a user has labelled the image already: then no classifier is asked. */
  static boolean areNotWanted(List<Label> uploaded) {
    return uploaded.stream().anyMatch(each -> each.getSource() == LabelSource.LABEL_SOURCE_USER);
  }

  /**
   * The record that replaces what classifiers have said of an image.
   *
   * @param key of the image in the images topic
   * @param label empty: nothing is said of it any more
   */
  static ProducerRecord<byte[], byte[]> record(
      String collectionId, byte[] key, ImageVersion version, Optional<Label> label, Instant now) {
    LabelsAnnotation.Builder labels =
        LabelsAnnotation.newBuilder().setSource(LabelSource.LABEL_SOURCE_TAUGHT);
    label.ifPresent(labels::addLabels);
    AnnotationEvent event =
        AnnotationEvent.newBuilder()
            .setImageVersion(version)
            .setLabels(labels)
            .setAnnotatedAt(
                Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()))
            .build();
    return new ProducerRecord<>(
        Topics.annotations(collectionId),
        version.getPartition(),
        Keys.labels(Keys.imageId(key), LabelSource.LABEL_SOURCE_TAUGHT, version),
        event.toByteArray());
  }
}
