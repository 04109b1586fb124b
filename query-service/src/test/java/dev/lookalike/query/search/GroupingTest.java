package dev.lookalike.query.search;

import static dev.lookalike.query.index.Images.bool;
import static dev.lookalike.query.index.Images.list;
import static dev.lookalike.query.index.Images.number;
import static dev.lookalike.query.index.Images.text;
import static dev.lookalike.query.index.Images.time;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Neighbour;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.RecordingIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GroupingTest {
  private final RecordingIndex index = new RecordingIndex(2);
  private final List<Integer> rounds = new ArrayList<>();
  private int images;

  /** The next image, a little further away than those before. */
  private void add(AttributeValue... value) {
    Map<String, AttributeValue> attributes = value.length == 0 ? Map.of() : Map.of("g", value[0]);
    index.apply(
        List.of(Images.embedded("i" + images, images, attributes, 1, images / 4096f)),
        Progress.NONE);
    images++;
  }

  private List<Neighbour> nearest(int k, Filter filter) {
    rounds.add(k);
    return index.nearest(
        new Nearest(new float[] {1, 0}, k, filter, false, Optional.empty(), false));
  }

  private List<String> find(int size, int wanted, Filter filter) {
    return new Grouping("g", size, wanted, this::nearest)
        .find(filter).stream()
            .map(
                group ->
                    String.join(
                        " ", group.neighbours().stream().map(it -> it.entry().imageId()).toList()))
            .toList();
  }

  private List<String> find(int size, int wanted) {
    return find(size, wanted, Filter.ALL);
  }

  @Test
  void groupsComeInTheOrderOfTheirBest() {
    for (String value : "a b a c b a".split(" ", -1)) {
      add(text(value));
    }
    assertThat(find(2, 9)).containsExactly("i0 i2", "i1 i4", "i3");
    assertThat(find(1, 2)).containsExactly("i0", "i1");
    assertThat(find(9, 9, new Filter.Not(new Filter.IdOneOf(List.of("i0")))))
        .containsExactly("i1 i4", "i2 i5", "i3");
  }

  @Test
  void valuesOfAnyKindButListsMakeGroups() {
    AttributeValue noon = time("2026-01-01T12:00:00.5Z");
    for (AttributeValue value : List.of(number(1), bool(true), noon, text("1"))) {
      add(value);
      add(value);
    }
    assertThat(find(2, 9)).containsExactly("i0 i1", "i2 i3", "i4 i5", "i6 i7");
    Grouping grouping = new Grouping("g", 1, 1, this::nearest);
    for (AttributeValue value : List.of(number(1), bool(true), noon, text("1"))) {
      assertThat(index.count(grouping.equalTo(value))).isEqualTo(2);
    }
  }

  @Test
  void withoutOneValueAnImageIsAGroupOfItsOwn() {
    add(list("a"));
    add(list("a"));
    add();
    add(AttributeValue.getDefaultInstance());
    assertThat(find(2, 9)).containsExactly("i0", "i1", "i2", "i3");
  }

  @Test
  void aLargeGroupCostsOneRound() {
    for (int i = 0; i < 500; i++) {
      add(text("large"));
    }
    add(text("small"));
    assertThat(find(2, 2)).containsExactly("i0 i1", "i500");
    assertThat(rounds).as("the second leaves out what the first has found").containsExactly(64, 64);
  }

  @Test
  void imagesWithoutAGroupLeaveTheNextRoundToo() {
    for (int i = 0; i < 70; i++) {
      add();
    }
    assertThat(find(1, 70)).hasSize(70).startsWith("i0").endsWith("i69").doesNotHaveDuplicates();
    assertThat(rounds).containsExactly(140);
    rounds.clear();
    // Of a round of 64, at first.
    assertThat(find(1, 32)).hasSize(32);
    assertThat(rounds).containsExactly(64);
  }

  @Test
  void aGroupThatLacksMembersIsLookedForByItself() {
    add(text("rare"));
    for (int i = 0; i < 80; i++) {
      add(text("common"));
    }
    add(text("rare"));
    assertThat(find(2, 2)).containsExactly("i0 i81", "i1 i2");
    assertThat(rounds).as("a round, then two for the rare one").containsExactly(64, 2);
  }

  @Test
  void nothingIsLookedForTwiceWhereARoundHasFoundAll() {
    add(text("a"));
    add(text("b"));
    assertThat(find(3, 5)).containsExactly("i0", "i1");
    assertThat(rounds).containsExactly(64);
  }

  @Test
  void aRoundIsAsLargeAsItNeedsToBeWithinBounds() {
    for (int i = 0; i < 10; i++) {
      add(text("a"));
    }
    find(10, 5);
    find(10, 500);
    find(1, 33);
    assertThat(rounds).containsExactly(100, 1000, 66);
  }

  @Test
  void nothingMakesNoGroups() {
    assertThat(find(1, 1)).isEmpty();
  }
}
