package dev.lookalike.embed.stage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.embed.Images;
import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.embed.infer.TestEmbedders;
import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.model.runtime.OnnxModel;
import dev.lookalike.embed.stage.EmbedOutcome.Embedded;
import dev.lookalike.embed.stage.EmbedOutcome.Rejected;
import dev.lookalike.embed.stage.EmbedOutcome.Removed;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.RemovalCause;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EmbedStageTest {
  private static ExecutorService decoders;
  private static OnnxModel model;

  @BeforeAll
  static void load() {
    decoders = Executors.newFixedThreadPool(2);
    model = OnnxModel.load(Path.of("src/test/resources/goldens/clip"), 1);
  }

  @AfterAll
  static void close() {
    decoders.shutdownNow();
    model.close();
  }

  private static EmbedStage stage() {
    return new EmbedStage(
        TestEmbedders.of(model, 4), decoders, new EmbedMetrics(new SimpleMeterRegistry()));
  }

  private static ImageRecord record(long offset, String key, byte[] value) {
    return new ImageRecord(new RecordPosition(0, offset), key.getBytes(UTF_8), value);
  }

  @Test
  void everyRecordHasOneOutcomeInOrderAndPoisonHarmsNobody() throws InterruptedException {
    List<ImageRecord> records = new ArrayList<>();
    for (int i = 0; i < 23; i++) {
      byte[] value =
          switch (i) {
            case 3 -> new byte[] {1, 2, 3};
            case 4, 9, 10, 11, 12, 13, 14, 15 -> Images.stored("no picture".getBytes(UTF_8));
            case 6 -> new byte[0];
            default -> Images.stored(Images.jpeg(i));
          };
      records.add(record(i, "image-" + i, value));
    }
    List<EmbedOutcome> outcomes = stage().embed(records);
    assertThat(outcomes).hasSameSizeAs(records);
    for (int i = 0; i < records.size(); i++) {
      assertThat(outcomes.get(i).position()).isEqualTo(records.get(i).position());
      assertThat(outcomes.get(i).key()).isEqualTo(records.get(i).key());
      switch (i) {
        case 3, 6 -> assertReason(outcomes.get(i), RejectReason.RECORD_UNREADABLE);
        case 4, 9, 10, 11, 12, 13, 14, 15 ->
            assertReason(outcomes.get(i), RejectReason.CANONICAL_UNREADABLE);
        default -> {
          // Alone it has the same embedding: nothing moved to a neighbour's place.
          float[] alone =
              ((Embedded) stage().embed(List.of(records.get(i))).getFirst()).embedding().values();
          assertThat(((Embedded) outcomes.get(i)).embedding().values())
              .usingComparatorWithPrecision(1e-6f)
              .containsExactly(alone);
        }
      }
    }
  }

  private static void assertReason(EmbedOutcome outcome, RejectReason reason) {
    assertThat(outcome).isInstanceOf(Rejected.class);
    assertThat(((Rejected) outcome).reason()).isEqualTo(reason);
  }

  @Test
  void aLaterDeleteSparesTheInferenceOfWhatIsBeforeItOnly() throws InterruptedException {
    // The first is no picture: had it been looked at, it would be rejected.
    List<EmbedOutcome> outcomes =
        stage()
            .embed(
                List.of(
                    record(0, "a", Images.stored("no picture".getBytes(UTF_8))),
                    record(1, "b", Images.stored(Images.jpeg(1))),
                    record(2, "a", Images.deleted()),
                    record(3, "a", Images.stored(Images.jpeg(2)))));
    assertThat(((Removed) outcomes.get(0)).cause())
        .isEqualTo(RemovalCause.REMOVAL_CAUSE_DELETED_LATER);
    assertThat(outcomes.get(1)).isInstanceOf(Embedded.class);
    assertThat(((Removed) outcomes.get(2)).cause()).isEqualTo(RemovalCause.REMOVAL_CAUSE_DELETED);
    assertThat(outcomes.get(3)).isInstanceOf(Embedded.class);
  }

  @Test
  void theEventRepeatsWhatTheIndexNeedsAndNoPixels() throws InterruptedException {
    EmbedOutcome outcome =
        stage().embed(List.of(record(7, "a", Images.stored(Images.jpeg(1))))).getFirst();
    EmbeddingEvent event = OutcomeEvents.event(outcome, 2, model.reference(), "cpu", Instant.EPOCH);
    assertThat(event.getSource().getGeneration()).isEqualTo(2);
    assertThat(event.getSource().getOffset()).isEqualTo(7);
    assertThat(event.getEmbedded().getEmbeddingCount()).isEqualTo(96);
    assertThat(event.getEmbedded().getAttributesMap()).containsKey("shelf");
    assertThat(event.getEmbedded().getCanonical().hasInline()).isFalse();
    assertThat(event.getEmbedded().getCanonical().getWidth()).isEqualTo(160);
    assertThat(event.getEmbedded().getModelLabelsCount()).isEqualTo(5);
    assertThat(event.getEmbedded().getModel()).isEqualTo(model.reference());
  }

  @Test
  void aModelThatFailsTooOftenStopsThePipeline() {
    FailedShare share = new FailedShare(0.5);
    EmbedOutcome failed =
        new Rejected(
            new RecordPosition(0, 0),
            new byte[0],
            dev.lookalike.proto.events.v1.Stored.getDefaultInstance(),
            RejectReason.MODEL_FAILED,
            "broken");
    EmbedOutcome good =
        new Embedded(
            new RecordPosition(0, 0),
            new byte[0],
            dev.lookalike.proto.events.v1.Stored.getDefaultInstance(),
            new Inferred.Embedding(new float[] {1}, List.of()),
            0);
    assertThat(share.add(java.util.Collections.nCopies(15, failed))).isEmpty();
    assertThat(share.add(java.util.Collections.nCopies(15, good))).isEmpty();
    assertThat(share.add(java.util.Collections.nCopies(15, failed))).isPresent();
    assertThat(share.add(java.util.Collections.nCopies(64, good))).isEmpty();
  }
}
