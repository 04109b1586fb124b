package dev.lookalike.embed.log;

import dev.lookalike.embed.teaching.TaughtLabels;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Labels of classifiers as records of the annotations topic. */
final class LabelRecords {
  private LabelRecords() {}

  /**
   * The record that replaces what classifiers have said of an image.
   *
   * @param key of the image in the images topic
   * @param label empty: they say nothing of it any more
   */
  static ProducerRecord<byte[], byte[]> of(
      String collectionId, byte[] key, ImageVersion version, Optional<Label> label, Instant now) {
    return new ProducerRecord<>(
        Topics.annotations(collectionId),
        version.getPartition(),
        Keys.labels(Keys.imageId(key), LabelSource.LABEL_SOURCE_TAUGHT, version),
        TaughtLabels.event(version, label, now).toByteArray());
  }
}
