package dev.lookalike.embed.teaching;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.Embedded;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.ExistingProgress;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.proto.image.v1.ModelReference;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ExistingPassTest {
  private static final byte[] KEY = "image".getBytes(UTF_8);
  private static final long RECORD = 5;

  private static final Build BUILD =
      Build.newBuilder()
          .setId("b1")
          .setGeneration(2)
          .setModel(ModelReference.newBuilder().setDimension(3))
          .build();

  private static final Taught TAUGHT = taught(each -> each.setAnnotateExisting(true));
  private static final Share SHARE = new Share("shop", BUILD, Set.of(0, 3), RECORD);

  private static Taught taught(UnaryOperator<Classifier.Builder> change) {
    Classifier classifier = change.apply(Classifiers.hatOrShoe("v1").setThreshold(0.9f)).build();
    return Taught.by(RECORD, classifier, TaughtClassifier.of(classifier), 100);
  }

  private static Share sharedBy(long record) {
    return new Share("shop", BUILD, Set.of(0, 3), record);
  }

  private static EmbeddingEvent.Builder image(float... embedding) {
    Embedded.Builder embedded = Embedded.newBuilder();
    for (float value : embedding) {
      embedded.addEmbedding(value);
    }
    return EmbeddingEvent.newBuilder()
        .setSource(ImageVersion.newBuilder().setGeneration(2).setPartition(3).setOffset(9))
        .setEmbedded(embedded);
  }

  private static List<Integer> open(Taught taught, Share share) {
    return ExistingPass.open(taught, share, partition -> false);
  }

  @Test
  void existingImagesAreGoneThroughOnceNewOnesAreLabelledByTheSameRecord() {
    assertThat(open(TAUGHT, SHARE)).containsExactly(0, 3);
    assertThat(open(TAUGHT, sharedBy(4))).isEmpty();
    assertThat(open(TAUGHT, sharedBy(-1))).isEmpty();
  }

  @Test
  void onlyWhereItWasAskedForAndForTheBuildThatItWasTaughtOn() {
    assertThat(open(taught(each -> each), SHARE)).isEmpty();
    assertThat(open(taught(each -> each.setAnnotateExisting(true).setBuildId("b0")), SHARE))
        .isEmpty();
  }

  @Test
  void aRemovalConcernsEveryBuild() {
    Share other = new Share("shop", BUILD.toBuilder().setId("b0").build(), Set.of(1), RECORD);
    assertThat(open(Taught.removed(RECORD), other)).containsExactly(1);
  }

  @Test
  void completePartitionsAreLeftAlone() {
    Taught half =
        TAUGHT.with(0, ExistingProgress.newBuilder().setOf(RECORD).setComplete(true).build());
    assertThat(open(half, SHARE)).containsExactly(3);
    assertThat(ExistingPass.open(half, SHARE, partition -> partition == 3)).isEmpty();
    Taught before =
        TAUGHT.with(0, ExistingProgress.newBuilder().setOf(RECORD - 1).setComplete(true).build());
    assertThat(open(before, SHARE)).containsExactly(0, 3);
  }

  @Test
  void aPassEndsWhereThePartitionOrTheClassifierIsAnother() {
    ExistingPass pass = new ExistingPass(SHARE, TAUGHT, 3);
    assertThat(pass.isStillDue(Optional.of(TAUGHT), List.of(SHARE))).isTrue();
    assertThat(pass.isStillDue(Optional.of(Taught.removed(6)), List.of(SHARE))).isFalse();
    assertThat(pass.isStillDue(Optional.empty(), List.of(SHARE))).isFalse();
    assertThat(pass.isStillDue(Optional.of(TAUGHT), List.of())).isFalse();
    assertThat(pass.isStillDue(Optional.of(TAUGHT), List.of(sharedBy(6)))).isFalse();
    assertThat(
            pass.isStillDue(
                Optional.of(TAUGHT), List.of(new Share("shop", BUILD, Set.of(0), RECORD))))
        .isFalse();
    assertThat(
            pass.isStillDue(
                Optional.of(TAUGHT), List.of(new Share("other", BUILD, Set.of(3), RECORD))))
        .isFalse();
  }

  @Test
  void eachImageGetsALabelOrLosesTheOneThatItHad() {
    ExistingPass pass = new ExistingPass(SHARE, TAUGHT, 3);
    ExistingPass.Spoken sure =
        pass.examine(KEY, image(1, 0, 0).build().toByteArray()).orElseThrow();
    assertThat(sure.label().orElseThrow().getName()).isEqualTo("hat");
    assertThat(sure.version().getOffset()).isEqualTo(9);
    assertThat(pass.examine(KEY, image(0, 0, 1).build().toByteArray()).orElseThrow().label())
        .isEmpty();
    assertThat(pass.examine(KEY, image(1, 0).build().toByteArray()).orElseThrow().label())
        .as("an embedding of another dimension")
        .isEmpty();
    ExistingProgress progress = pass.complete();
    assertThat(progress.getExamined()).isEqualTo(3);
    assertThat(progress.getLabelled()).isEqualTo(1);
    assertThat(progress.getOf()).isEqualTo(RECORD);
    assertThat(progress.getComplete()).isTrue();
  }

  @Test
  void afterARemovalEveryImageLosesItsLabel() {
    ExistingPass pass = new ExistingPass(SHARE, Taught.removed(RECORD), 3);
    assertThat(pass.examine(KEY, image(1, 0, 0).build().toByteArray()).orElseThrow().label())
        .isEmpty();
  }

  @Test
  void whatIsNoImageOfThisGenerationIsPassedOver() {
    ExistingPass pass = new ExistingPass(SHARE, TAUGHT, 3);
    EmbeddingEvent.Builder good = image(1, 0, 0);
    Label user = Label.newBuilder().setSource(LabelSource.LABEL_SOURCE_USER).build();
    assertThat(pass.examine(null, good.build().toByteArray())).isEmpty();
    assertThat(pass.examine(KEY, null)).isEmpty();
    assertThat(pass.examine(KEY, new byte[] {1, 2, 3})).isEmpty();
    assertThat(pass.examine(KEY, good.clone().clearEmbedded().build().toByteArray())).isEmpty();
    good.getSourceBuilder().setGeneration(1);
    assertThat(pass.examine(KEY, good.build().toByteArray())).isEmpty();
    good.getSourceBuilder().setGeneration(2).setPartition(0);
    assertThat(pass.examine(KEY, good.build().toByteArray())).isEmpty();
    good.getSourceBuilder().setPartition(3);
    good.getEmbeddedBuilder().addLabels(user);
    assertThat(pass.examine(KEY, good.build().toByteArray())).as("labelled by a user").isEmpty();
    assertThat(pass.complete().getExamined()).isZero();
  }

  @Test
  void progressIsSavedAfterSoManyImagesAndGoneOnFrom() {
    ExistingProgress before =
        ExistingProgress.newBuilder().setOf(RECORD).setPosition(40).setExamined(10).build();
    ExistingPass pass = new ExistingPass(SHARE, TAUGHT.with(3, before), 3);
    assertThat(pass.position()).isEqualTo(40);
    byte[] image = image(1, 0, 0).build().toByteArray();
    assertThat(pass.examine(KEY, image)).isPresent();
    assertThat(pass.toSave(2)).isEmpty();
    assertThat(pass.examine(KEY, image)).isPresent();
    pass.reached(43);
    ExistingProgress saved = pass.toSave(2).orElseThrow();
    assertThat(saved.getExamined()).isEqualTo(12);
    assertThat(saved.getLabelled()).isEqualTo(2);
    assertThat(saved.getPosition()).isEqualTo(43);
    assertThat(pass.toSave(2)).isEmpty();
  }
}
