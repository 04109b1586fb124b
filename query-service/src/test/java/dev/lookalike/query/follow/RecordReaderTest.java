package dev.lookalike.query.follow;

import static dev.lookalike.query.follow.Records.READER;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lookalike.log.Keys;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.AttributeAnnotation;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.LabelsAnnotation;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.query.follow.RecordReader.Reading;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Images;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecordReaderTest {
  private static Change.Outcome outcome(LogRecord record) {
    assertThat(READER.read(record)).isInstanceOf(Reading.Changed.class);
    return (Change.Outcome) ((Reading.Changed) READER.read(record)).change();
  }

  private static void isRejected(LogRecord record, String reason, String detail) {
    EmbeddingEvent event = outcome(record).event();
    assertThat(event.getRejected().getReason()).isEqualTo(reason);
    assertThat(event.getRejected().getDetail()).contains(detail);
    assertThat(outcome(record).embedding()).isEmpty();
  }

  private static String unreadable(LogRecord record) {
    assertThat(READER.read(record)).isInstanceOf(Reading.Unreadable.class);
    return ((Reading.Unreadable) READER.read(record)).reason();
  }

  @Test
  void theEmbeddingIsTakenOutOfTheEvent() {
    Change.Outcome outcome = outcome(Records.embedded("a", 4, 0, 0.6f, 0.8f));
    assertThat(outcome.imageId()).isEqualTo("a");
    assertThat(outcome.version()).isEqualTo(Images.version(4));
    assertThat(outcome.event().getEmbedded().getEmbeddingCount()).isZero();
    assertThat(outcome.embedding().orElseThrow()).containsExactly(0.6f, 0.8f);
  }

  @Test
  void anEmbeddingThatIsAlmostOfUnitLengthIsMadeSo() {
    float[] vector = outcome(Records.embedded("a", 0, 0, 1.0009f, 0)).embedding().orElseThrow();
    assertThat(vector[0]).isCloseTo(1, within(1e-6f));
  }

  @Test
  void anEmbeddingThatCannotBeUsedIsARejection() {
    isRejected(Records.embedded("a", 0, 0, 1.002f, 0), "RECORD_UNREADABLE", "has norm 1.00");
    isRejected(Records.embedded("a", 0, 0, 1, 0, 0), "RECORD_UNREADABLE", "3 dimensions");
    isRejected(Records.embedded("a", 0, 0, 0, 0), "EMBEDDING_ZERO", "zero");
    isRejected(Records.embedded("a", 0, 0, Float.NaN, 0), "EMBEDDING_NOT_FINITE", "not finite");
  }

  @Test
  void aRejectionKeepsWhatTheUploadSaid() {
    EmbeddingEvent.Builder event = Records.event(0, 0, 0);
    event
        .getEmbeddedBuilder()
        .putAttributes("price", Images.number(3))
        .addLabels(Images.label("shoe", LabelSource.LABEL_SOURCE_USER));
    EmbeddingEvent read = outcome(Records.event("a", 0, event.build())).event();
    assertThat(read.getRejected().getAttributesMap()).containsOnlyKeys("price");
    assertThat(read.getRejected().getLabelsList()).hasSize(1);
  }

  @Test
  void anUnknownKindOfOutcomeIsARejection() {
    isRejected(
        Records.event("a", 0, EmbeddingEvent.newBuilder().setSource(Images.version(3)).build()),
        "RECORD_UNREADABLE",
        "does not know this kind");
  }

  @Test
  void aGarbledOutcomeBelongsToTheVersionInItsHeader() {
    LogRecord record = Records.garbled("a", 0, Images.version(7));
    isRejected(record, "RECORD_UNREADABLE", "cannot be read");
    assertThat(outcome(record).version()).isEqualTo(Images.version(7));
  }

  @Test
  void aGarbledOutcomeWithoutAUsableHeaderBelongsToNoVersion() {
    assertThat(READER.read(Records.garbled("a", 0, null)))
        .isInstanceOfSatisfying(
            Reading.Garbled.class, garbled -> assertThat(garbled.imageId()).isEqualTo("a"));
    ImageVersion elsewhere = Images.version(7).toBuilder().setPartition(1).build();
    assertThat(READER.read(Records.garbled("a", 0, elsewhere))).isInstanceOf(Reading.Garbled.class);
    ImageVersion earlier = Images.version(7).toBuilder().setGeneration(2).build();
    assertThat(READER.read(Records.garbled("a", 0, earlier))).isInstanceOf(Reading.Garbled.class);
  }

  @Test
  void anOutcomeOfAnotherPartitionIsNotBelieved() {
    EmbeddingEvent elsewhere = Records.event(0, 1, 0).setSource(Images.version(1, 0)).build();
    assertThat(READER.read(Records.event("a", 0, elsewhere))).isInstanceOf(Reading.Garbled.class);
  }

  @Test
  void aTombstoneSaysNothing() {
    assertThat(READER.read(Records.tombstone("a", 0))).isEqualTo(new Reading.Nothing());
    LogRecord annotation = Records.price("a", 0, 0, 1);
    assertThat(READER.annotation(annotation.key(), null, 0)).isEqualTo(new Reading.Nothing());
  }

  @Test
  void aKeyThatCannotBeAnImageIdIsUnreadable() {
    byte[] value = Records.event(0, 1, 0).build().toByteArray();
    assertThat(READER.outcome(null, value, null, 0)).isInstanceOf(Reading.Unreadable.class);
    assertThat(READER.outcome(new byte[0], value, null, 0)).isInstanceOf(Reading.Unreadable.class);
    assertThat(READER.outcome(new byte[1025], value, null, 0))
        .isInstanceOf(Reading.Unreadable.class);
    assertThat(READER.annotation(null, value, 0)).isInstanceOf(Reading.Unreadable.class);
    assertThat(READER.annotation("a".getBytes(UTF_8), value, 0))
        .isInstanceOf(Reading.Unreadable.class);
  }

  @Test
  void anAnnotationIsOneOfItsTopic() {
    assertThat(READER.read(Records.price("a", 2, 9, 1)))
        .isInstanceOfSatisfying(
            Reading.Changed.class,
            changed -> {
              Change.Annotation annotation = (Change.Annotation) changed.change();
              assertThat(annotation.version()).isEqualTo(Images.version(2));
              assertThat(annotation.offset()).isEqualTo(9);
            });
  }

  @Test
  void anAnnotationWhoseKeyAndValueDisagreeIsUnreadable() {
    LogRecord price = Records.price("a", 2, 9, 1);
    assertThat(
            unreadable(annotation(Keys.attribute("a", "colour", Images.version(2)), price.value())))
        .contains("names attributes/colour");
    assertThat(
            unreadable(annotation(Keys.attribute("a", "price", Images.version(3)), price.value())))
        .contains("different versions");
    assertThat(unreadable(annotation(price.key(), new byte[] {-1}))).contains("not an annotation");
    AnnotationEvent unversioned =
        AnnotationEvent.newBuilder()
            .setAttribute(AttributeAnnotation.newBuilder().setName("price"))
            .build();
    assertThat(unreadable(annotation(price.key(), unversioned.toByteArray())))
        .contains("no version");
  }

  @ParameterizedTest
  @EnumSource(
      value = LabelSource.class,
      names = {"LABEL_SOURCE_MODEL", "LABEL_SOURCE_UNSPECIFIED"})
  void onlyUsersAndClassifiersLabelAfterwards(LabelSource source) {
    AnnotationEvent event =
        AnnotationEvent.newBuilder()
            .setImageVersion(Images.version(0))
            .setLabels(LabelsAnnotation.newBuilder().setSource(source))
            .build();
    assertThat(
            unreadable(
                annotation(Keys.attribute("a", "price", Images.version(0)), event.toByteArray())))
        .contains("something else");
  }

  private static LogRecord annotation(byte @Nullable [] key, byte @Nullable [] value) {
    return new LogRecord(Records.ANNOTATIONS, 0, 0, key, value, null);
  }
}
