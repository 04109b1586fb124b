package dev.lookalike.query.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Listing;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.MemoryIndex;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.State;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class IndexComparisonTest {
  private static final LogPartition PARTITION = new LogPartition("outcomes", 0);

  private final MemoryIndex reference = MemoryIndex.of(2);
  private final MemoryIndex live = MemoryIndex.of(2);
  private int waits;

  /** What happens while the comparison waits for the n-th time, counted from 1. */
  private Runnable during = () -> {};

  private final IndexComparison.Waiting waiting =
      new IndexComparison.Waiting() {
        @Override
        public void until(BooleanSupplier condition) {
          if (condition.getAsBoolean()) {
            return;
          }
          during.run();
          if (!condition.getAsBoolean()) {
            throw new IndexException(IndexException.Kind.UNAVAILABLE, "not in time");
          }
        }

        @Override
        public void pause() {
          waits++;
          during.run();
        }
      };

  private static void write(MemoryIndex index, long position, Change... changes) {
    index.apply(List.of(changes), new Progress(Map.of(PARTITION, position), Map.of()));
    index.refresh();
  }

  private Comparison compare() {
    return compare(100);
  }

  private Comparison compare(int maxSuspects) {
    return new IndexComparison(() -> reference, () -> live, waiting, maxSuspects).run();
  }

  @Test
  void equalIndexesDoNotDiffer() {
    for (MemoryIndex index : List.of(reference, live)) {
      write(index, 3, Images.embedded("a", 0, 1, 0), Images.rejected("b", 1));
    }
    assertThat(compare()).isEqualTo(Comparison.clean(2));
    assertThat(waits).as("nothing has to be looked at again").isZero();
  }

  @Test
  void eachDifferenceIsCountedAndNamed() {
    write(
        reference,
        9,
        Images.embedded("gone", 0, 1, 0),
        Images.embedded("turned", 1, 1, 0),
        Images.embedded("priced", 2, Map.of("price", Images.number(1)), 1, 0),
        Images.rejected("refused", 3),
        Images.embedded("same", 4, 1, 0));
    write(
        live,
        9,
        Images.embedded("turned", 1, 0, 1),
        Images.embedded("priced", 2, Map.of("price", Images.number(2)), 1, 0),
        Images.embedded("refused", 3, 1, 0),
        Images.embedded("same", 4, 1, 0),
        Images.embedded("unheard", 5, 1, 0));
    Comparison compared = compare();
    assertThat(compared.compared()).isEqualTo(5);
    assertThat(compared.missing()).isEqualTo(1);
    assertThat(compared.stale()).isEqualTo(3);
    assertThat(compared.extra()).isEqualTo(1);
    assertThat(compared.examples())
        .containsExactlyInAnyOrder(
            new Comparison.Example("gone", "missing"),
            new Comparison.Example("turned", "stale"),
            new Comparison.Example("priced", "stale"),
            new Comparison.Example("refused", "stale"),
            new Comparison.Example("unheard", "extra"));
  }

  @Test
  void whatWasSaidLaterBelongsToAnEntry() {
    for (MemoryIndex index : List.of(reference, live)) {
      write(index, 3, Images.embedded("labelled", 0, 1, 0), Images.embedded("priced", 1, 1, 0));
    }
    write(live, 3, Images.labelled("labelled", 0, 0, LabelSource.LABEL_SOURCE_USER, "shoe"));
    write(live, 3, Images.said("priced", 1, 1, "price", Optional.of(Images.number(3))));
    assertThat(compare().examples())
        .containsExactly(
            new Comparison.Example("labelled", "stale"), new Comparison.Example("priced", "stale"));
  }

  @Test
  void aDeletedImageThatTheLogHasForgottenIsNoDifference() {
    write(live, 3, Images.removed("a", 0));
    assertThat(compare()).isEqualTo(Comparison.clean(0));
  }

  @Test
  void aDeletedImageThatTheIndexHasNeverHeardOfIsMissing() {
    write(reference, 3, Images.removed("a", 0));
    write(live, 3);
    assertThat(compare().missing()).isEqualTo(1);
  }

  @Test
  void idsAreInTheOrderOfTheirBytes() {
    // U+FFFD comes before U+1F600 in UTF-8, and after it in UTF-16.
    Change first = Images.embedded("\ufffd", 0, 1, 0);
    Change second = Images.embedded("\ud83d\ude00", 1, 1, 0);
    write(reference, 2, first, second);
    write(live, 2, second);
    List<String> differing = new ArrayList<>();
    long compared = Differences.walk(all(reference), all(live), differing::add);
    assertThat(compared).isEqualTo(2);
    assertThat(differing).containsExactly("\ufffd");
  }

  private static Iterator<Entry> all(MemoryIndex index) {
    return index
        .list(new Listing(Filter.ALL, EnumSet.allOf(State.class), Optional.empty(), 100, true))
        .iterator();
  }

  @Test
  void allPagesAreCompared() {
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      changes.add(Images.embedded("i%03d".formatted(i), i, 1, 0));
    }
    write(reference, 400, changes.toArray(Change[]::new));
    write(live, 400, changes.subList(0, 399).toArray(Change[]::new));
    assertThat(compare())
        .isEqualTo(
            new Comparison(400, 1, 0, 0, List.of(new Comparison.Example("i399", "missing"))));
  }

  @Test
  void anIndexThatIsBehindIsGivenTime() {
    write(reference, 5, Images.embedded("a", 0, 1, 0));
    write(live, 4);
    during = () -> write(live, 5, Images.embedded("a", 0, 1, 0));
    assertThat(compare()).isEqualTo(Comparison.clean(1));
  }

  @Test
  void anIndexThatDoesNotGetThereFailsTheComparison() {
    write(reference, 5, Images.embedded("a", 0, 1, 0));
    write(live, 4);
    assertThatThrownBy(this::compare).isInstanceOf(IndexException.class).hasMessage("not in time");
  }

  @Test
  void whatChangedBetweenTwoReadsIsLookedAtAgain() {
    write(reference, 5, Images.embedded("a", 0, 1, 0));
    // The index is ahead: the reference will read of the same deletion later.
    write(live, 6, Images.removed("a", 1));
    during = () -> write(reference, 6, Images.removed("a", 1));
    assertThat(compare().isClean()).isTrue();
  }

  @Test
  void atMostThreeLooksAreTaken() {
    write(reference, 5, Images.embedded("a", 0, 1, 0));
    write(live, 5);
    assertThat(compare().missing()).isEqualTo(1);
    assertThat(waits).isEqualTo(3);
  }

  @Test
  void tooManyDifferencesThatAllPassAreWalkedAgain() {
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      changes.add(Images.embedded("i" + i, i, 1, 0));
    }
    write(reference, 4, changes.toArray(Change[]::new));
    write(live, 0);
    during = () -> write(live, 4, changes.toArray(Change[]::new));
    assertThat(compare(2)).as("of the second walk").isEqualTo(Comparison.clean(4));
  }

  @Test
  void whatNeverComesToRestCannotBeCompared() {
    write(reference, 4, Images.embedded("a", 0, 1, 0), Images.embedded("b", 1, 1, 0));
    MemoryIndex behind = MemoryIndex.of(2);
    write(behind, 0);
    // Every walk meets an index that is behind, every look one that is not.
    List<MemoryIndex> turns = new ArrayList<>();
    for (int walk = 0; walk < 3; walk++) {
      turns.add(behind);
      turns.add(reference);
      turns.add(reference);
    }
    assertThatThrownBy(
            () -> new IndexComparison(() -> reference, () -> turns.remove(0), waiting, 2).run())
        .isInstanceOf(IndexException.class)
        .hasMessageContaining("more than 2 images changed");
  }

  @Test
  void namesAHundredExamplesAndCountsAll() {
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      changes.add(Images.embedded("i" + i, i, 1, 0));
    }
    write(reference, 150, changes.toArray(Change[]::new));
    write(live, 150);
    Comparison compared = compare(1000);
    assertThat(compared.missing()).isEqualTo(150);
    assertThat(compared.examples()).hasSize(100);
  }

  @Test
  void emptyIndexesAreEqual() {
    assertThat(compare()).isEqualTo(new Comparison(0, 0, 0, 0, List.of()));
    assertThat(Optional.of(compare()).filter(Comparison::isClean)).isPresent();
  }
}
