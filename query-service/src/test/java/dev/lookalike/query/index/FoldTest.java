package dev.lookalike.query.index;

import static dev.lookalike.query.index.Images.number;
import static dev.lookalike.query.index.Images.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FoldTest {
  private Optional<FoldedImage> record = Optional.empty();

  /** Whether any of the changes has changed the record. */
  private boolean apply(Change... changes) {
    boolean changed = false;
    for (Change change : changes) {
      Optional<FoldedImage> next = Fold.apply(record, change);
      changed |= next.isPresent();
      record = next.isPresent() ? next : record;
    }
    return changed;
  }

  private Entry entry() {
    return record.flatMap(FoldedImage::entry).orElseThrow();
  }

  private List<String> labels() {
    return entry().labels().stream().map(Label::getName).toList();
  }

  private static Change.Outcome embedded(long offset, float... vector) {
    return Images.embedded("a", offset, Map.of("price", number(offset)), vector);
  }

  private static Change.Annotation price(long of, long offset, double price) {
    return Images.said("a", of, offset, "price", Optional.of(number(price)));
  }

  @Test
  void theNewestVersionIsTheEntry() {
    assertThat(apply(embedded(1, 1, 0))).isTrue();
    assertThat(entry().imageId()).isEqualTo("a");
    assertThat(entry().version()).isEqualTo(Images.version(1));
    assertThat(entry().state()).isEqualTo(State.SEARCHABLE);
    assertThat(entry().embedding().orElseThrow()).containsExactly(1, 0);
    assertThat(apply(embedded(0, 0, 1))).as("an older one").isFalse();
    assertThat(apply(Images.rejected("a", 2))).isTrue();
    assertThat(entry().state()).isEqualTo(State.REJECTED);
    assertThat(apply(Images.removed("a", 3))).isTrue();
    assertThat(entry().state()).isEqualTo(State.DELETED);
  }

  @Test
  void ofTwoOutcomesOfAVersionTheLaterHolds() {
    assertThat(apply(embedded(1, 1, 0))).isTrue();
    assertThat(apply(embedded(1, 1, 0))).as("the same again").isFalse();
    assertThat(apply(embedded(1, 0, 1))).as("another vector").isTrue();
    assertThat(entry().embedding().orElseThrow()).containsExactly(0, 1);
    assertThat(apply(Images.rejected("a", 1))).as("another event").isTrue();
    assertThat(entry().state()).isEqualTo(State.REJECTED);
  }

  @Test
  void theLastWordOnASubjectHolds() {
    assertThat(apply(embedded(1, 1, 0), price(1, 5, 50))).isTrue();
    assertThat(entry().attributes()).containsEntry("price", number(50));
    assertThat(apply(price(1, 4, 40))).as("an earlier word").isFalse();
    assertThat(apply(price(1, 5, 50))).as("the same again").isFalse();
    assertThat(apply(price(1, 6, 60))).isTrue();
    assertThat(entry().attributes()).containsEntry("price", number(60));
    assertThat(record.orElseThrow().annotations()).as("what is over is forgotten").hasSize(1);
  }

  @Test
  void wordsOnOtherSubjectsStandBesideIt() {
    apply(
        embedded(1, 1, 0),
        price(1, 5, 50),
        Images.said("a", 1, 4, "colour", Optional.of(text("red"))),
        Images.labelled("a", 1, 3, LabelSource.LABEL_SOURCE_USER, "mine"));
    assertThat(entry().attributes()).isEqualTo(Map.of("price", number(50), "colour", text("red")));
    assertThat(labels()).containsExactly("mine", "seen");
    assertThat(record.orElseThrow().annotations()).hasSize(3);
  }

  @Test
  void anAttributeCanBeTakenAway() {
    apply(embedded(1, 1, 0), Images.said("a", 1, 5, "price", Optional.empty()));
    assertThat(entry().attributes()).isEmpty();
    assertThat(apply(price(1, 4, 40))).as("an earlier word").isFalse();
  }

  @Test
  void aWordMayComeBeforeItsVersion() {
    assertThat(apply(price(1, 5, 50))).isTrue();
    assertThat(record.flatMap(FoldedImage::entry)).as("nothing to answer yet").isEmpty();
    apply(embedded(0, 1, 0));
    assertThat(entry().attributes()).as("of another version").containsEntry("price", number(0));
    apply(embedded(1, 1, 0));
    assertThat(entry().attributes()).containsEntry("price", number(50));
  }

  @Test
  void wordsOnTwoVersionsAreTwo() {
    assertThat(apply(price(2, 3, 20), price(1, 4, 10))).isTrue();
    apply(embedded(1, 1, 0));
    assertThat(entry().attributes()).containsEntry("price", number(10));
    apply(embedded(2, 1, 0));
    assertThat(entry().attributes()).containsEntry("price", number(20));
    assertThat(record.orElseThrow().annotations()).hasSize(1);
  }

  @Test
  void aWordOnAnOlderVersionIsOver() {
    apply(embedded(2, 1, 0));
    assertThat(apply(price(1, 9, 90))).isFalse();
    assertThat(entry().attributes()).containsEntry("price", number(2));
  }

  @Test
  void aWordOnADeletedVersionIsOver() {
    apply(price(2, 5, 50), Images.removed("a", 2));
    assertThat(record.orElseThrow().annotations()).isEmpty();
    assertThat(apply(price(2, 6, 60))).isFalse();
    assertThat(apply(price(3, 7, 70))).as("of a version to come").isTrue();
  }

  @Test
  void aWordOnARejectedVersionHolds() {
    apply(Images.rejected("a", 2), price(2, 6, 60));
    assertThat(entry().attributes()).containsEntry("price", number(60));
  }

  @Test
  void labelsOfASourceReplaceThoseOfTheUpload() {
    Change.Outcome uploaded =
        Images.embedded(
            "a",
            Images.version(1),
            Map.of(),
            List.of(
                Images.label("old", LabelSource.LABEL_SOURCE_USER),
                Images.label("other", LabelSource.LABEL_SOURCE_UNSPECIFIED)),
            1,
            0);
    apply(uploaded);
    assertThat(labels()).containsExactly("old", "other", "seen");
    apply(Images.labelled("a", 1, 3, LabelSource.LABEL_SOURCE_USER, "new"));
    assertThat(labels()).containsExactly("other", "new", "seen");
    apply(Images.labelled("a", 1, 4, LabelSource.LABEL_SOURCE_USER));
    assertThat(labels()).containsExactly("other", "seen");
  }

  @Test
  void whatAUserSaysIsTheTruth() {
    apply(embedded(1, 1, 0), Images.labelled("a", 1, 3, LabelSource.LABEL_SOURCE_TAUGHT, "guess"));
    assertThat(labels()).containsExactly("guess", "seen");
    apply(Images.labelled("a", 1, 4, LabelSource.LABEL_SOURCE_USER, "truth"));
    assertThat(labels()).containsExactly("truth", "seen");
    apply(Images.labelled("a", 1, 5, LabelSource.LABEL_SOURCE_USER));
    assertThat(labels()).as("taken back").containsExactly("guess", "seen");
  }

  @Test
  void anEntryKnowsTheFileItCameFrom() {
    apply(embedded(1, 1, 0));
    assertThat(entry().originalSha256().toStringUtf8()).isEqualTo("sha-a");
    apply(Images.removed("a", 2));
    assertThat(entry().originalSha256().isEmpty()).isTrue();
  }

  @Test
  void anOutcomeCarriesItsVectorBesideTheEvent() {
    EmbeddingEvent.Builder event = EmbeddingEvent.newBuilder().setSource(Images.version(1));
    event.getEmbeddedBuilder().addEmbedding(1);
    assertThatThrownBy(() -> new Change.Outcome("a", event.build(), Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class);
    EmbeddingEvent removed = Images.removed("a", 1).event();
    assertThatThrownBy(() -> new Change.Outcome("a", removed, Optional.of(new float[] {1})))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aRecordIsOfOneImage() {
    AttributeValue red = text("red");
    apply(Images.said("b", 1, 0, "colour", Optional.of(red)));
    assertThat(record.orElseThrow().imageId()).isEqualTo("b");
  }
}
