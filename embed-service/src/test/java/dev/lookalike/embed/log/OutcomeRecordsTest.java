package dev.lookalike.embed.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.embed.stage.EmbedOutcome;
import dev.lookalike.embed.stage.RecordPosition;
import dev.lookalike.embed.stage.RejectReason;
import dev.lookalike.embed.teaching.Taught;
import dev.lookalike.embed.teaching.TaughtCollections;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Sources;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.Stored;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.proto.image.v1.ModelReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

class OutcomeRecordsTest {
  private static final OutcomeRecords RECORDS =
      new OutcomeRecords(
          Collection.newBuilder().setId("c1").setGeneration(2).build(),
          Build.newBuilder().setId("b1").build(),
          "cpu");

  private final List<Boolean> asked = new ArrayList<>();

  private static EmbedOutcome.Embedded embedded(int partition, Stored source, float... values) {
    return new EmbedOutcome.Embedded(
        new RecordPosition(partition, 10 + partition),
        ("image-" + partition).getBytes(UTF_8),
        source,
        new Inferred.Embedding(values, List.of()),
        0);
  }

  private static EmbedOutcome rejected(int partition) {
    return new EmbedOutcome.Rejected(
        new RecordPosition(partition, 10 + partition),
        ("image-" + partition).getBytes(UTF_8),
        Stored.getDefaultInstance(),
        RejectReason.CANONICAL_UNREADABLE,
        "no image");
  }

  private static ByteString floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return ByteString.copyFrom(bytes);
  }

  /** "hat" along the first of two dimensions, sure of nothing else. */
  private static Taught taught() {
    TaughtCollections collections = new TaughtCollections(1 << 20);
    collections.take(
        "c1",
        0,
        Keys.classifier(),
        ClassifierEvent.newBuilder()
            .setClassifier(
                Classifier.newBuilder()
                    .setModel(ModelReference.newBuilder().setDimension(2))
                    .addClasses("hat")
                    .addClasses("shoe")
                    .setWeights(floats(9, 0, 0, 0))
                    .setBiases(floats(0, 0))
                    .setThreshold(0.9f))
            .build()
            .toByteArray());
    return collections.of("c1").orElseThrow();
  }

  private List<ProducerRecord<byte[], byte[]>> records(
      Optional<Taught> taught, EmbedOutcome... outcomes) {
    return RECORDS.records(List.of(outcomes), taught, Instant.EPOCH, asked::add);
  }

  @Test
  void tombstonesHaveNoOutcomeAndRecordsWithoutAKeyDo() {
    assertThat(
            OutcomeRecords.images(
                List.of(
                    new ConsumerRecord<>("t", 3, 7, "a".getBytes(UTF_8), null),
                    new ConsumerRecord<>("t", 3, 8, null, new byte[] {1}))))
        .singleElement()
        .satisfies(
            image -> {
              assertThat(image.position()).isEqualTo(new RecordPosition(3, 8));
              assertThat(image.key()).isEmpty();
            });
  }

  @Test
  void everyOutcomeGoesToThePartitionOfItsImageWithItsSource() throws Exception {
    List<ProducerRecord<byte[], byte[]>> records =
        records(Optional.empty(), embedded(1, Stored.getDefaultInstance(), 1, 0), rejected(4));
    assertThat(records)
        .extracting(ProducerRecord::topic)
        .containsOnly("lookalike.embeddings.c1.b1");
    assertThat(records).extracting(ProducerRecord::partition).containsExactly(1, 4);
    for (ProducerRecord<byte[], byte[]> record : records) {
      EmbeddingEvent event = EmbeddingEvent.parseFrom(record.value());
      assertThat(event.getSource().getGeneration()).isEqualTo(2);
      assertThat(event.getSource().getOffset()).isEqualTo(10 + record.partition());
      assertThat(record.headers().lastHeader(Sources.HEADER).value())
          .isEqualTo(Sources.header(event.getSource()));
    }
    assertThat(asked).isEmpty();
  }

  @Test
  void aLabelFollowsItsOutcomeWhereTheClassifierIsSure() throws Exception {
    List<ProducerRecord<byte[], byte[]>> records =
        records(
            Optional.of(taught()),
            embedded(1, Stored.getDefaultInstance(), 1, 0),
            embedded(2, Stored.getDefaultInstance(), 0, 1),
            rejected(3));
    assertThat(records)
        .extracting(ProducerRecord::topic)
        .containsExactly(
            "lookalike.embeddings.c1.b1",
            "lookalike.annotations.c1",
            "lookalike.embeddings.c1.b1",
            "lookalike.embeddings.c1.b1");
    assertThat(asked).containsExactly(true, false);
    AnnotationEvent label = AnnotationEvent.parseFrom(records.get(1).value());
    assertThat(records.get(1).partition()).isEqualTo(1);
    assertThat(label.getLabels().getLabels(0).getName()).isEqualTo("hat");
    assertThat(label.getImageVersion().getOffset()).isEqualTo(11);
  }

  @Test
  void anImageThatAUserHasLabelledIsNotAskedAbout() {
    Stored labelled =
        Stored.newBuilder()
            .addLabels(Label.newBuilder().setSource(LabelSource.LABEL_SOURCE_USER))
            .build();
    assertThat(records(Optional.of(taught()), embedded(1, labelled, 1, 0))).hasSize(1);
    assertThat(asked).isEmpty();
  }
}
