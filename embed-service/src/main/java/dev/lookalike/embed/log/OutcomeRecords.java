package dev.lookalike.embed.log;

import dev.lookalike.embed.builds.ServedBuild;
import dev.lookalike.embed.stage.EmbedOutcome;
import dev.lookalike.embed.stage.ImageRecord;
import dev.lookalike.embed.stage.OutcomeEvents;
import dev.lookalike.embed.stage.RecordPosition;
import dev.lookalike.embed.teaching.Taught;
import dev.lookalike.embed.teaching.TaughtLabels;
import dev.lookalike.log.Sources;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.Label;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * What one transaction reads and writes: records of images in, records of outcomes and labels out.
 *
 * @param device that computes embeddings
 */
record OutcomeRecords(Collection collection, Build build, String device) {
  static OutcomeRecords of(ServedBuild served) {
    return new OutcomeRecords(
        served.collection(), served.build(), served.embedder().model().device());
  }

  /** The records that get an outcome, in order. */
  static List<ImageRecord> images(Iterable<ConsumerRecord<byte[], byte[]>> records) {
    List<ImageRecord> images = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      // A tombstone ends the life of a key whose Deleted has its outcome already: nothing to say.
      if (record.value() != null) {
        images.add(
            new ImageRecord(
                new RecordPosition(record.partition(), record.offset()),
                record.key() == null ? new byte[0] : record.key(),
                record.value()));
      }
    }
    return images;
  }

  /**
   * One record for each outcome, in the partition of its image, each followed by the label of its
   * image where it gets one.
   *
   * @param taught what labels images of this build; empty: nothing
   * @param asked gets, for each image that the classifier was asked about, whether it said a label
   */
  List<ProducerRecord<byte[], byte[]>> records(
      List<EmbedOutcome> outcomes, Optional<Taught> taught, Instant now, Consumer<Boolean> asked) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>(outcomes.size());
    for (EmbedOutcome outcome : outcomes) {
      EmbeddingEvent event =
          OutcomeEvents.event(outcome, collection.getGeneration(), build.getModel(), device, now);
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(
              Topics.embeddings(collection.getId(), build.getId()),
              outcome.position().partition(),
              outcome.key(),
              event.toByteArray());
      record.headers().add(Sources.HEADER, Sources.header(event.getSource()));
      records.add(record);
      if (taught.isPresent() && outcome instanceof EmbedOutcome.Embedded embedded) {
        label(embedded, taught.get(), event.getSource(), now, asked).ifPresent(records::add);
      }
    }
    return records;
  }

  /** A new version has no labels of a classifier yet: nothing is to be taken back. */
  private Optional<ProducerRecord<byte[], byte[]>> label(
      EmbedOutcome.Embedded embedded,
      Taught taught,
      ImageVersion version,
      Instant now,
      Consumer<Boolean> asked) {
    if (TaughtLabels.areNotWanted(embedded.source().getLabelsList())) {
      return Optional.empty();
    }
    Optional<Label> label = taught.label(embedded.embedding().values());
    asked.accept(label.isPresent());
    return label.map(
        said ->
            LabelRecords.of(collection.getId(), embedded.key(), version, Optional.of(said), now));
  }
}
