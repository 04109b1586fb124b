package dev.lookalike.embed.teaching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lookalike.log.CollectionState;
import dev.lookalike.log.Keys;
import dev.lookalike.proto.embed.v1.ClassifierState;
import dev.lookalike.proto.embed.v1.GetClassifierResponse;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import dev.lookalike.proto.events.v1.ClassifierRemoved;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.ExistingProgress;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LessonsTest {
  private static final CollectionState SHOP = shop("b1");

  private final TaughtCollections taught = new TaughtCollections(1 << 20);

  private static CollectionState shop(String build) {
    return new CollectionState(
        Collection.newBuilder().setId("c1").setName("shop").setPartitions(2).build(),
        Map.of(
            build, Build.newBuilder().setId(build).setState(BuildState.BUILD_STATE_LIVE).build()));
  }

  private Lessons of(CollectionState state) {
    return new Lessons(name -> Optional.of(state).filter(each -> name.equals("shop")), taught);
  }

  private void take(long offset, ClassifierEvent.Builder event) {
    taught.take("c1", offset, Keys.classifier(), event.build().toByteArray());
  }

  private void complete(int partition, long of) {
    taught.take(
        "c1",
        100 + partition,
        Keys.existing(partition),
        ClassifierEvent.newBuilder()
            .setExisting(ExistingProgress.newBuilder().setOf(of).setExamined(7).setComplete(true))
            .build()
            .toByteArray());
  }

  private static ClassifierEvent.Builder classifier() {
    return ClassifierEvent.newBuilder()
        .setClassifier(Classifiers.hatOrShoe("v1").setAnnotateExisting(true));
  }

  private ErrorCode refused(String name) {
    return catchThrowableOfType(RefusedException.class, () -> of(SHOP).describe(name)).code();
  }

  @Test
  void whatIsNotKnownIsToldApartFromWhatIsNotThere() {
    assertThat(refused("other")).isEqualTo(ErrorCode.COLLECTION_NOT_FOUND);
    assertThat(refused("shop")).isEqualTo(ErrorCode.NOT_BOUND);
    taught.caughtUp("c1");
    assertThat(refused("shop")).isEqualTo(ErrorCode.CLASSIFIER_NOT_FOUND);
  }

  @Test
  void itIsAppliedToTheBuildThatItWasTaughtOnAndSaysSoWhereItIsNot() {
    taught.caughtUp("c1");
    take(0, classifier());
    GetClassifierResponse applied = of(SHOP).describe("shop");
    assertThat(applied.getState()).isEqualTo(ClassifierState.CLASSIFIER_STATE_APPLIED);
    assertThat(applied.getClassesList()).containsExactly("hat", "shoe");
    assertThat(applied.getCollectionId()).isEqualTo("c1");
    GetClassifierResponse stale = of(shop("b2")).describe("shop");
    assertThat(stale.getState()).isEqualTo(ClassifierState.CLASSIFIER_STATE_NOT_APPLIED);
    assertThat(stale.getProblem()).contains("build b1", "build b2", "teach it again");
  }

  @Test
  void progressIsTheSumOfThePartitions() {
    taught.caughtUp("c1");
    take(0, classifier());
    complete(1, 0);
    assertThat(of(SHOP).describe("shop").getExisting().getExamined()).isEqualTo(7);
    assertThat(of(SHOP).describe("shop").getExisting().getPartitions()).isEqualTo(2);
    assertThat(of(SHOP).describe("shop").getExisting().getPartitionsComplete()).isEqualTo(1);
    Classifier.Builder without = Classifiers.hatOrShoe("v2");
    take(200, ClassifierEvent.newBuilder().setClassifier(without));
    assertThat(of(SHOP).describe("shop").hasExisting()).isFalse();
  }

  @Test
  void aRemovalIsSeenUntilItsLabelsAreTakenAway() {
    taught.caughtUp("c1");
    take(0, ClassifierEvent.newBuilder().setRemoved(ClassifierRemoved.getDefaultInstance()));
    complete(0, 0);
    assertThat(of(SHOP).describe("shop").getState())
        .isEqualTo(ClassifierState.CLASSIFIER_STATE_REMOVED);
    complete(1, 0);
    assertThat(refused("shop")).isEqualTo(ErrorCode.CLASSIFIER_NOT_FOUND);
  }
}
