package dev.lookalike.embed.teaching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.log.Keys;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import dev.lookalike.proto.events.v1.ClassifierRemoved;
import dev.lookalike.proto.events.v1.ExistingProgress;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TaughtCollectionsTest {
  private final TaughtCollections taught = new TaughtCollections(1 << 20);

  private void take(long offset, ClassifierEvent event) {
    taught.take("shop", offset, Keys.classifier(), event.toByteArray());
  }

  private static ClassifierEvent version(String version) {
    return ClassifierEvent.newBuilder()
        .setClassifier(Classifier.newBuilder().setVersion(version))
        .build();
  }

  private static ClassifierEvent usable(String version) {
    return ClassifierEvent.newBuilder().setClassifier(Classifiers.hatOrShoe(version)).build();
  }

  private static ClassifierEvent removed() {
    return ClassifierEvent.newBuilder().setRemoved(ClassifierRemoved.getDefaultInstance()).build();
  }

  private Optional<String> newest() {
    return taught.of("shop").flatMap(Taught::description).map(Classifier::getVersion);
  }

  @Test
  void aReaderThatBeginsAgainBringsNoOldClassifierBack() {
    take(0, version("v1"));
    take(3, version("v2"));
    assertThat(newest()).contains("v2");
    take(0, version("v1"));
    assertThat(newest()).contains("v2");
    take(5, removed());
    take(3, version("v2"));
    assertThat(newest()).isEmpty();
    take(6, version("v2"));
    assertThat(newest()).contains("v2");
  }

  @Test
  void aClassifierThatCannotBeUsedSaysWhy() {
    take(0, version("v1"));
    assertThat(taught.of("shop").orElseThrow().problem().orElseThrow())
        .isEqualTo("the classifier cannot be used: its model has no dimension");
    take(1, usable("v2"));
    assertThat(taught.of("shop").orElseThrow().problem()).isEmpty();
    assertThat(taught.of("shop").orElseThrow().label(new float[] {1, 0, 0})).isPresent();
    assertThat(taught.of("shop").orElseThrow().description().orElseThrow().getWeights().isEmpty())
        .isTrue();
  }

  @Test
  void classifiersThatAreTogetherTooLargeAreNotUsedBeyondTheLimit() {
    int size = usable("v1").toByteArray().length;
    TaughtCollections small = new TaughtCollections(2L * size - 1);
    small.take("a", 0, Keys.classifier(), usable("v1").toByteArray());
    small.take("b", 0, Keys.classifier(), usable("v1").toByteArray());
    assertThat(small.of("a").orElseThrow().classifier()).isPresent();
    assertThat(small.of("b").orElseThrow().problem().orElseThrow())
        .contains("lookalike.teaching.max-bytes");
    // Its own older version makes room for a new one.
    small.take("a", 1, Keys.classifier(), usable("v2").toByteArray());
    assertThat(small.of("a").orElseThrow().classifier()).isPresent();
  }

  @Test
  void progressCountsOnlyForTheRecordThatItIsOf() {
    take(4, usable("v1"));
    for (long of : new long[] {3, 4}) {
      taught.take(
          "shop",
          10 + of,
          Keys.existing(2),
          ClassifierEvent.newBuilder()
              .setExisting(ExistingProgress.newBuilder().setOf(of).setExamined(of))
              .build()
              .toByteArray());
      assertThat(taught.of("shop").orElseThrow().progress(2).getExamined())
          .isEqualTo(of == 4 ? 4 : 0);
    }
    assertThat(taught.of("shop").orElseThrow().progress(1).getExamined()).isZero();
  }

  @Test
  void recordsThatSayNothingArePassedOver() {
    take(0, usable("v1"));
    taught.take("shop", 1, null, removed().toByteArray());
    taught.take("shop", 2, Keys.classifier(), null);
    taught.take("shop", 3, Keys.classifier(), new byte[] {1, 2, 3});
    take(4, ClassifierEvent.getDefaultInstance());
    assertThat(newest()).contains("v1");
  }

  @Test
  void aLogThatEndsEarlierThanTheRecordNeverHeldIt() {
    take(7, usable("v1"));
    taught.endsAt("shop", 8);
    assertThat(newest()).contains("v1");
    taught.endsAt("shop", 7);
    assertThat(newest()).isEmpty();
    take(0, usable("v2"));
    assertThat(newest()).contains("v2");
  }

  @Test
  void aCollectionIsKnownOnceItsTopicIsReadOrThereIsNone() {
    assertThat(taught.isKnown("shop")).isFalse();
    taught.caughtUp("shop");
    take(0, usable("v1"));
    assertThat(taught.isKnown("shop")).isTrue();
    taught.retain(Set.of("other"));
    assertThat(taught.isKnown("shop")).isFalse();
    assertThat(newest()).isEmpty();
    take(0, usable("v1"));
    taught.neverTaught("shop");
    assertThat(taught.isKnown("shop")).isTrue();
    assertThat(newest()).isEmpty();
  }
}
