package dev.lookalike.ingest.classifiers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.fakes.FakeLog;
import dev.lookalike.ingest.fakes.FakeRegistry;
import dev.lookalike.ingest.fakes.FakeTopics;
import dev.lookalike.ingest.records.Append;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import dev.lookalike.proto.events.v1.ClassifierQuality;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.quarkus.runtime.configuration.MemorySize;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ClassifiersTest {
  private static final String HATS = "hats00000001";
  private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");

  private final FakeRegistry registry = new FakeRegistry(new FakeLog());
  private final FakeTopics topics = new FakeTopics();
  private final List<Append> appended = new ArrayList<>();
  private Runnable meanwhile = () -> {};
  private final Classifiers classifiers =
      new Classifiers(
          new Catalogue(registry),
          topics,
          (record, maxBytes) -> {
            assertThat(maxBytes).isEqualTo(topics.recordBytes);
            appended.add(record);
            meanwhile.run();
          },
          new ClassifierSettings() {
            @Override
            public MemorySize maxBytes() {
              return new MemorySize(BigInteger.valueOf(1 << 20));
            }

            @Override
            public int maxClasses() {
              return 10;
            }
          },
          () -> NOW);

  @BeforeEach
  void hats() {
    registry.write(HATS, "hats");
    registry.bind(HATS, "b1");
  }

  /** Two classes of two dimensions. */
  private static Classifier.Builder classifier() {
    return Classifier.newBuilder()
        .setBuildId("b1")
        .addClasses("cap")
        .addClasses("hat")
        .setWeights(floats(1, 2, 3, 4))
        .setBiases(floats(0, 1));
  }

  private static ByteString floats(float... values) {
    ByteBuffer buffer =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return ByteString.copyFrom(buffer);
  }

  private ClassifierEvent event() throws Exception {
    return ClassifierEvent.parseFrom(appended.getLast().value());
  }

  @Test
  void publishesWithTheModelThatTheCollectionIsBoundTo() throws Exception {
    Classifier published =
        classifiers.put("hats", classifier().setVersion("mine").setRequestId("mine").build());
    assertThat(event().getClassifier()).isEqualTo(published);
    assertThat(published.getModel().getId()).isEqualTo("model");
    assertThat(published.getTaughtAt().getSeconds()).isEqualTo(NOW.getEpochSecond());
    assertThat(published.getVersion()).matches("[0-9a-f]{16}");
    assertThat(published.getRequestId()).isNotEqualTo("mine");
    Append record = appended.getLast();
    assertThat(record.topic()).isEqualTo(Topics.classifiers(HATS));
    assertThat(record.partition()).isZero();
    assertThat(record.key()).isEqualTo(Keys.classifier());
    assertThat(topics.names).contains(Topics.classifiers(HATS));
    assertThat(topics.recordBytes).isEqualTo(2 << 20);
  }

  @Test
  void theVersionIsThatOfTheContent() {
    String version = classifiers.put("hats", classifier().build()).getVersion();
    assertThat(
            classifiers
                .put(
                    "hats",
                    classifier()
                        .setAnnotateExisting(true)
                        .setQuality(ClassifierQuality.newBuilder().setImages(3))
                        .build())
                .getVersion())
        .isEqualTo(version);
    assertThat(classifiers.put("hats", classifier().setThreshold(0.5f).build()).getVersion())
        .isNotEqualTo(version);
  }

  @Test
  void onlyAClassifierOfTheLiveBuildIsPublished() {
    refused(
        ErrorCode.CLASSIFIER_OF_OTHER_BUILD,
        () -> classifiers.put("hats", classifier().setBuildId("b0").build()));
    registry.write("caps00000001", "caps");
    refused(
        ErrorCode.CLASSIFIER_OF_OTHER_BUILD, () -> classifiers.put("caps", classifier().build()));
    refused(
        ErrorCode.INVALID_ARGUMENT,
        () -> classifiers.put("hats", classifier().setBiases(floats(1)).build()));
    refused(ErrorCode.COLLECTION_NOT_FOUND, () -> classifiers.put("shoes", classifier().build()));
    assertThat(appended).isEmpty();
  }

  @Test
  void aTopicThatCannotBeUsedRequiresAnOperator() {
    topics.problems.put(Topics.classifiers(HATS), "create it");
    refused(ErrorCode.TOPICS_NOT_READY, () -> classifiers.put("hats", classifier().build()));
    assertThat(appended).isEmpty();
  }

  @Test
  void whatWasNeverTaughtHasNothingToTakeAway() throws Exception {
    classifiers.remove("hats");
    assertThat(appended).isEmpty();
    classifiers.put("hats", classifier().build());
    classifiers.remove("hats");
    assertThat(event().hasRemoved()).isTrue();
    assertThat(event().getRemoved().getRemovedAt().getSeconds()).isEqualTo(NOW.getEpochSecond());
  }

  @Test
  void aCollectionThatIsDeletedMeanwhileIsNotTaught() {
    meanwhile = () -> registry.delete(HATS);
    refused(ErrorCode.COLLECTION_NOT_FOUND, () -> classifiers.put("hats", classifier().build()));
  }

  private static void refused(ErrorCode code, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(RefusedException.class, e -> assertThat(e.code()).isEqualTo(code));
  }
}
