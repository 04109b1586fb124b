package dev.lookalike.query.index;

import static dev.lookalike.query.index.Images.bool;
import static dev.lookalike.query.index.Images.embedded;
import static dev.lookalike.query.index.Images.labelled;
import static dev.lookalike.query.index.Images.list;
import static dev.lookalike.query.index.Images.number;
import static dev.lookalike.query.index.Images.rejected;
import static dev.lookalike.query.index.Images.removed;
import static dev.lookalike.query.index.Images.said;
import static dev.lookalike.query.index.Images.text;
import static dev.lookalike.query.index.Images.time;
import static dev.lookalike.query.index.Images.unit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.filter.FilterParser;
import dev.lookalike.query.filter.InvalidFilterException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link VectorIndex} must do. An implementation extends this and says how to open. */
public abstract class VectorIndexContract {
  private static final int DIMENSION = 4;

  protected VectorIndex index;

  /** Opens the same index again and again, within one test. */
  protected abstract VectorIndex open(int dimension);

  /** Logs that are replayed: a call to a server takes its time. */
  protected int replays() {
    return 25;
  }

  /** Lets go of the index as a crash would: nothing that was not durable may stay. */
  protected abstract void crash(VectorIndex index);

  @BeforeEach
  protected void openIt() {
    index = open(DIMENSION);
  }

  @AfterEach
  protected void closeIt() {
    // There is none where the test was skipped for want of its engine.
    if (index != null) {
      index.close();
    }
  }

  protected static Progress progress(long position) {
    return new Progress(Map.of(new LogPartition("outcomes", 0), position), Map.of(0, position));
  }

  protected void apply(Change... changes) {
    index.apply(List.of(changes), progress(index.progress().applied(0) + changes.length));
    index.refresh();
  }

  private Optional<Entry> get(String id) {
    return index.get(List.of(id), true).stream().findFirst();
  }

  private List<String> nearest(int k, Filter filter, float... vector) {
    return index
        .nearest(new Nearest(unit(vector), k, filter, false, Optional.empty(), false))
        .stream()
        .map(neighbour -> neighbour.entry().imageId())
        .toList();
  }

  private List<String> matching(String filter) {
    try {
      Filter parsed = FilterParser.parse(filter);
      List<String> ids =
          index
              .list(new Listing(parsed, Set.of(State.SEARCHABLE), Optional.empty(), 100, false))
              .stream()
              .map(Entry::imageId)
              .toList();
      assertThat(index.count(parsed)).isEqualTo(ids.size());
      assertThat(nearest(100, parsed, 1, 1, 1, 1)).containsExactlyInAnyOrderElementsOf(ids);
      return ids;
    } catch (InvalidFilterException e) {
      throw new AssertionError(filter, e);
    }
  }

  @Test
  void knowsNothingAtFirst() {
    assertThat(index.progress()).isEqualTo(Progress.NONE);
    assertThat(index.counts()).isEqualTo(new Counts(0, 0, 0));
    assertThat(get("a")).isEmpty();
    assertThat(nearest(3, Filter.ALL, 1, 0, 0, 0)).isEmpty();
    assertThat(index.dimension()).isEqualTo(DIMENSION);
  }

  @Test
  void closesTwice() {
    index.close();
    index.close();
    assertThatThrownBy(() -> index.counts()).isInstanceOf(IndexException.class);
    assertThatThrownBy(() -> index.refresh()).isInstanceOf(IndexException.class);
    assertThatThrownBy(() -> index.commit()).isInstanceOf(IndexException.class);
    assertThatThrownBy(() -> index.apply(List.of(embedded("a", 0, 1, 0, 0, 0)), progress(1)))
        .isInstanceOf(IndexException.class);
  }

  @Test
  void findsTheNearestFirstAndTellsTheCosine() {
    apply(
        embedded("near", 0, 1, 0.1f, 0, 0),
        embedded("far", 1, 0, 0, 0, 1),
        embedded("opposite", 2, -1, 0, 0, 0));
    List<Neighbour> found =
        index.nearest(new Nearest(unit(1, 0, 0, 0), 3, Filter.ALL, false, Optional.empty(), true));
    assertThat(found)
        .extracting(neighbour -> neighbour.entry().imageId())
        .containsExactly("near", "far", "opposite");
    assertThat(found.get(0).similarity()).isCloseTo(0.995037f, within(1e-5f));
    assertThat(found.get(1).similarity()).isZero();
    assertThat(found.get(2).similarity()).isEqualTo(-1f);
    assertThat(found.get(0).entry().embedding().orElseThrow()).isEqualTo(unit(1, 0.1f, 0, 0));
  }

  @Test
  void moreWantedThanThereAre() {
    apply(embedded("a", 0, 1, 0, 0, 0), embedded("b", 1, 0, 1, 0, 0));
    assertThat(nearest(1000, Filter.ALL, 1, 0, 0, 0)).containsExactly("a", "b");
  }

  @Test
  void equalSimilaritiesComeByIdAndPagesFollowOneAnother() {
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      changes.add(embedded("i%02d".formatted(29 - i), i, 1, i % 3 == 0 ? 1 : 0, 0, 0));
    }
    apply(changes.toArray(Change[]::new));
    List<String> all = nearest(30, Filter.ALL, 1, 0, 0, 0);
    List<String> paged = new ArrayList<>();
    Optional<Nearest.Place> after = Optional.empty();
    for (int page = 0; page < 10; page++) {
      List<Neighbour> found =
          index.nearest(new Nearest(unit(1, 0, 0, 0), 7, Filter.ALL, false, after, false));
      found.forEach(neighbour -> paged.add(neighbour.entry().imageId()));
      if (!found.isEmpty()) {
        Neighbour last = found.get(found.size() - 1);
        after = Optional.of(new Nearest.Place(last.similarity(), last.entry().imageId()));
      }
    }
    assertThat(paged).isEqualTo(all).hasSize(30);
    assertThat(all.subList(0, 20)).isSorted();
    assertThat(all.subList(20, 30)).isSorted();
  }

  @Test
  void repeatedUpsertIsOneEntry() {
    for (int i = 0; i < 3; i++) {
      apply(embedded("a", 5, 1, 0, 0, 0));
    }
    apply(embedded("a", 6, 0, 1, 0, 0), embedded("a", 7, 0, 0, 1, 0));
    assertThat(index.counts()).isEqualTo(new Counts(1, 0, 0));
    assertThat(nearest(10, Filter.ALL, 1, 1, 1, 0)).containsExactly("a");
    assertThat(get("a").orElseThrow().version()).isEqualTo(Images.version(7));
    assertThat(get("a").orElseThrow().embedding().orElseThrow()).isEqualTo(unit(0, 0, 1, 0));
  }

  @Test
  void anOlderVersionNeverWins() {
    apply(embedded("a", 9, 1, 0, 0, 0));
    apply(embedded("a", 8, 0, 1, 0, 0), removed("a", 7), rejected("a", 6));
    assertThat(get("a").orElseThrow().version()).isEqualTo(Images.version(9));
    apply(removed("a", 12));
    apply(embedded("a", 11, 0, 1, 0, 0));
    assertThat(get("a").orElseThrow().state()).isEqualTo(State.DELETED);
    assertThat(nearest(10, Filter.ALL, 1, 1, 1, 1)).isEmpty();
  }

  @Test
  void deleteOfTheAbsentIsAFence() {
    apply(removed("a", 3));
    assertThat(index.counts()).isEqualTo(new Counts(0, 0, 1));
    apply(embedded("a", 2, 1, 0, 0, 0));
    assertThat(index.counts()).isEqualTo(new Counts(0, 0, 1));
    apply(embedded("a", 4, 1, 0, 0, 0));
    assertThat(index.counts()).isEqualTo(new Counts(1, 0, 0));
  }

  @Test
  void aRejectedNewerVersionRemovesTheVector() {
    apply(embedded("a", 1, 1, 0, 0, 0));
    apply(rejected("a", 2));
    assertThat(nearest(10, Filter.ALL, 1, 0, 0, 0)).isEmpty();
    Entry entry = get("a").orElseThrow();
    assertThat(entry.state()).isEqualTo(State.REJECTED);
    assertThat(entry.outcome().getRejected().getReason()).isEqualTo("CANONICAL_UNREADABLE");
    assertThat(entry.embedding()).isEmpty();
    assertThat(index.counts()).isEqualTo(new Counts(0, 1, 0));
  }

  @Test
  void severalChangesOfAnImageInOneCall() {
    apply(
        said("a", 1, 0, "price", Optional.of(number(3))),
        embedded("a", 0, 1, 0, 0, 0),
        embedded("a", 1, 0, 1, 0, 0),
        removed("b", 2),
        embedded("b", 3, 0, 0, 1, 0),
        said("a", 1, 1, "price", Optional.of(number(4))));
    assertThat(get("a").orElseThrow().attributes()).containsEntry("price", number(4));
    assertThat(index.counts()).isEqualTo(new Counts(2, 0, 0));
  }

  @Test
  void annotationsWaitForTheirVersion() {
    apply(said("a", 7, 0, "price", Optional.of(number(9))));
    assertThat(get("a")).isEmpty();
    assertThat(index.counts()).isEqualTo(new Counts(0, 0, 0));
    index.commit();
    crash(index);
    index = open(DIMENSION);
    apply(embedded("a", 6, Map.of("price", number(1)), 1, 0, 0, 0));
    assertThat(get("a").orElseThrow().attributes()).containsEntry("price", number(1));
    apply(embedded("a", 7, Map.of("price", number(2)), 1, 0, 0, 0));
    assertThat(get("a").orElseThrow().attributes()).containsEntry("price", number(9));
    apply(embedded("a", 8, Map.of("price", number(3)), 1, 0, 0, 0));
    assertThat(get("a").orElseThrow().attributes()).containsEntry("price", number(3));
    apply(said("a", 7, 1, "price", Optional.of(number(10))));
    assertThat(get("a").orElseThrow().attributes()).containsEntry("price", number(3));
  }

  @Test
  void theLastWordHoldsWhateverIsRepeated() {
    apply(embedded("a", 1, Map.of("keep", text("yes"), "drop", text("x")), 1, 2, 3, 4));
    for (int i = 0; i < 100; i++) {
      apply(said("a", 1, i, "price", Optional.of(number(i))));
    }
    apply(
        said("a", 1, 100, "drop", Optional.empty()),
        said("a", 1, 42, "price", Optional.of(number(42))),
        embedded("a", 1, Map.of("keep", text("yes"), "drop", text("x")), 1, 2, 3, 4));
    Entry entry = get("a").orElseThrow();
    assertThat(entry.attributes()).isEqualTo(Map.of("keep", text("yes"), "price", number(99)));
    assertThat(entry.embedding().orElseThrow()).isEqualTo(unit(1, 2, 3, 4));
    assertThat(matching("price == 99")).containsExactly("a");
    assertThat(matching("has(drop)")).isEmpty();
  }

  @Test
  void labelsOfASourceAreReplacedAsAWhole() {
    apply(
        embedded(
            "a",
            Images.version(1),
            Map.of(),
            List.of(Images.label("old", LabelSource.LABEL_SOURCE_USER)),
            1,
            0,
            0,
            0));
    apply(
        labelled("a", 1, 0, LabelSource.LABEL_SOURCE_USER, "dress", "red"),
        labelled("a", 1, 1, LabelSource.LABEL_SOURCE_TAUGHT, "gown"));
    assertThat(get("a").orElseThrow().labels())
        .extracting(Label::getName)
        .containsExactlyInAnyOrder("dress", "red", "seen");
    assertThat(matching("'gown' in labels")).isEmpty();
    assertThat(matching("'dress' in labels && 'seen' in labels")).containsExactly("a");
    assertThat(matching("'old' in labels")).isEmpty();
    apply(labelled("a", 1, 2, LabelSource.LABEL_SOURCE_USER));
    assertThat(matching("'dress' in labels")).isEmpty();
    assertThat(matching("'gown' in labels")).containsExactly("a");
    assertThat(matching("'gown' in labels.taught && 'seen' in labels.model")).containsExactly("a");
    assertThat(matching("has(labels.taught) && !has(labels.user)")).containsExactly("a");
    assertThat(matching("'gown' in labels.model || 'gown' in labels.user")).isEmpty();
  }

  @Test
  void progressIsThatOfTheData() {
    index.apply(List.of(embedded("a", 0, 1, 0, 0, 0)), progress(1));
    index.commit();
    index.apply(List.of(embedded("b", 1, 1, 0, 0, 0)), progress(2));
    index.refresh();
    assertThat(index.progress()).isEqualTo(progress(2));
    crash(index);
    index = open(DIMENSION);
    long applied = index.progress().applied(0);
    assertThat(applied).isBetween(1L, 2L);
    // Whatever is said to be applied is there; more may be, and is applied again.
    assertThat(get("a")).isPresent();
    assertThat(applied < 2 || get("b").isPresent()).isTrue();
    index.apply(List.of(embedded("b", 1, 1, 0, 0, 0)), progress(2));
    index.refresh();
    assertThat(index.counts()).isEqualTo(new Counts(2, 0, 0));
  }

  @Test
  void progressIsNeverAheadOfWhatIsSeen() {
    index.apply(List.of(embedded("a", 0, 1, 0, 0, 0)), progress(1));
    assertThat(index.progress().applied(0) == 0 || get("a").isPresent()).isTrue();
    index.refresh();
    assertThat(index.progress()).isEqualTo(progress(1));
    assertThat(get("a")).isPresent();
  }

  @Test
  void progressAloneMoves() {
    index.apply(List.of(), progress(17));
    index.refresh();
    index.commit();
    crash(index);
    index = open(DIMENSION);
    assertThat(index.progress()).isEqualTo(progress(17));
  }

  @Test
  void everythingIsThereAfterReopening() {
    apply(embedded("a", 0, Map.of("n", number(1)), 1, 2, 0, 0), rejected("b", 1), removed("c", 2));
    List<Entry> before =
        index.list(
            new Listing(Filter.ALL, EnumSet.allOf(State.class), Optional.empty(), 10, false));
    index.close();
    index = open(DIMENSION);
    assertThat(index.progress()).isEqualTo(progress(3));
    assertThat(
            index.list(
                new Listing(Filter.ALL, EnumSet.allOf(State.class), Optional.empty(), 10, false)))
        .isEqualTo(before)
        .extracting(Entry::state)
        .containsExactly(State.SEARCHABLE, State.REJECTED, State.DELETED);
    assertThat(get("a").orElseThrow().embedding().orElseThrow()).isEqualTo(unit(1, 2, 0, 0));
  }

  @Test
  void refusesAnotherDimension() {
    assertThatThrownBy(() -> apply(embedded("a", 0, 1, 0, 0)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> nearest(1, Filter.ALL, 1, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    apply(embedded("b", 0, 1, 0, 0, 0));
    assertThat(index.counts()).isEqualTo(new Counts(1, 0, 0));
  }

  @Test
  void listsInTheOrderOfIdsPageByPage() {
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      String id = "i%02d".formatted((i * 7) % 25);
      changes.add(i % 5 == 4 ? rejected(id, i) : embedded(id, i, 1, i, 0, 0));
    }
    apply(changes.toArray(Change[]::new));
    List<String> listed = new ArrayList<>();
    Optional<String> after = Optional.empty();
    for (int page = 0; page < 9; page++) {
      List<Entry> entries =
          index.list(
              new Listing(Filter.ALL, Set.of(State.SEARCHABLE, State.REJECTED), after, 4, false));
      entries.forEach(entry -> listed.add(entry.imageId()));
      after = entries.isEmpty() ? after : Optional.of(entries.get(entries.size() - 1).imageId());
    }
    assertThat(listed).hasSize(25).isSorted();
    assertThat(
            index.list(
                new Listing(Filter.ALL, Set.of(State.REJECTED), Optional.of("i05"), 100, false)))
        .extracting(Entry::imageId)
        .isSorted()
        .allSatisfy(id -> assertThat(id).isGreaterThan("i05"));
  }

  @Test
  void filtersMean() {
    Map<String, AttributeValue> one =
        Map.of(
            "price", number(10),
            "name", text("Red dress"),
            "stock", bool(true),
            "taken", time("2026-01-31T12:00:00.123Z"),
            "colors", list("red", "blue"),
            "odd name!", text("x"),
            "camera.maker", text("leica"));
    Map<String, AttributeValue> two =
        Map.of(
            "price", number(-2.5),
            "name", text("Überzug"),
            "stock", bool(false),
            "taken", time("2025-12-31T00:00:00Z"),
            "colors", list());
    // A price of another type.
    Map<String, AttributeValue> three = Map.of("price", text("10"), "name", text("Red"));
    apply(
        embedded(
            "one",
            Images.version(0),
            one,
            List.of(Images.label("dress", LabelSource.LABEL_SOURCE_USER)),
            1,
            0,
            0,
            0),
        embedded("two", 1, two, 0, 1, 0, 0),
        embedded("three", 2, three, 0, 0, 1, 0),
        embedded("four", 3, 0, 0, 0, 1));
    Map<String, List<String>> expected = new HashMap<>();
    expected.put("", List.of("four", "one", "three", "two"));
    expected.put("true", List.of("four", "one", "three", "two"));
    expected.put("false", List.of());
    expected.put("price == 10", List.of("one"));
    expected.put("10.0 == price", List.of("one"));
    expected.put("price != 10", List.of("two"));
    expected.put("!(price == 10)", List.of("four", "three", "two"));
    expected.put("price < 10", List.of("two"));
    expected.put("price <= 10", List.of("one", "two"));
    expected.put("5 < price", List.of("one"));
    expected.put("price > -2.5", List.of("one"));
    expected.put("price >= -2.5", List.of("one", "two"));
    expected.put("!(price < 10)", List.of("four", "one", "three"));
    expected.put("price == \"10\"", List.of("three"));
    expected.put("has(price)", List.of("one", "three", "two"));
    expected.put("!has(price)", List.of("four"));
    expected.put("has(colors)", List.of("one", "two"));
    expected.put("stock", List.of("one"));
    expected.put("!stock", List.of("four", "three", "two"));
    expected.put("stock == false", List.of("two"));
    expected.put("name.startsWith('Red')", List.of("one", "three"));
    expected.put("name.endsWith('dress')", List.of("one"));
    expected.put("name.contains('berz')", List.of("two"));
    expected.put("name.contains('Ü')", List.of("two"));
    expected.put("name < 'S'", List.of("one", "three"));
    expected.put("name in ['Red', 'Überzug']", List.of("three", "two"));
    expected.put("price in [10, 11]", List.of("one"));
    expected.put("'red' in colors", List.of("one"));
    expected.put("colors == 'red'", List.of());
    expected.put("attributes[\"odd name!\"] == 'x'", List.of("one"));
    expected.put("attributes.price == 10", List.of("one"));
    expected.put("camera.maker == 'leica'", List.of("one"));
    expected.put("taken > timestamp('2026-01-01T00:00:00Z')", List.of("one"));
    expected.put("taken == timestamp('2026-01-31T13:00:00.123+01:00')", List.of("one"));
    expected.put("taken < timestamp('1969-01-01T00:00:00Z')", List.of());
    expected.put("'dress' in labels", List.of("one"));
    expected.put("!('dress' in labels)", List.of("four", "three", "two"));
    expected.put("id == 'two'", List.of("two"));
    expected.put("id != 'two'", List.of("four", "one", "three"));
    expected.put("id in ['two', 'one', 'none']", List.of("one", "two"));
    expected.put("id.startsWith('t')", List.of("three", "two"));
    expected.put("id >= 'three' && id < 'two'", List.of("three"));
    expected.put("price == 10 || id == 'four'", List.of("four", "one"));
    expected.put("price == 10 && id == 'four'", List.of());
    expected.put("name == 'red'", List.of());
    expected.put("nam == 'Red'", List.of());
    expected.forEach(
        (filter, ids) -> assertThat(matching(filter)).as(filter).containsExactlyElementsOf(ids));
    assertThat(
            nearest(
                9,
                new Filter.Not(new Filter.OriginalIs(ByteString.copyFromUtf8("sha-one"))),
                1,
                0,
                0,
                0))
        .containsExactly("four", "three", "two");
  }

  @Test
  void kNeighboursComeBackWhereKMatch() {
    Random random = new Random(7);
    float[][] vectors = Images.clustered(random, 600, DIMENSION, 20);
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < vectors.length; i++) {
      changes.add(embedded("i%04d".formatted(i), i, Map.of("rare", number(i % 97)), vectors[i]));
    }
    apply(changes.toArray(Change[]::new));
    for (int rare = 0; rare < 97; rare += 8) {
      Filter filter = new Filter.OneOf("rare", List.of(new Filter.Literal.Number(rare)));
      int there = (int) index.count(filter);
      assertThat(there).isBetween(6, 7);
      float[] query = Images.randomUnit(random, DIMENSION);
      assertThat(nearest(6, filter, query)).hasSize(6);
      assertThat(nearest(100, filter, query)).hasSize(there);
    }
  }

  @Test
  void exactSearchComparesWithAll() {
    Random random = new Random(11);
    float[][] vectors = Images.clustered(random, 500, DIMENSION, 10);
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < vectors.length; i++) {
      changes.add(embedded("i%04d".formatted(i), i, vectors[i]));
    }
    apply(changes.toArray(Change[]::new));
    apply(removed("i0003", 1000), embedded("i0004", 1001, 1, 0, 0, 0));
    vectors[4] = unit(1, 0, 0, 0);
    for (int query = 0; query < 20; query++) {
      float[] wanted = Images.randomUnit(random, DIMENSION);
      List<Integer> best = new ArrayList<>();
      for (int i = 0; i < vectors.length; i++) {
        if (i != 3) {
          best.add(i);
        }
      }
      best.sort((a, b) -> Double.compare(dot(vectors[b], wanted), dot(vectors[a], wanted)));
      List<Neighbour> found =
          index.nearest(new Nearest(wanted, 10, Filter.ALL, true, Optional.empty(), false));
      double[] expected =
          best.stream().limit(10).mapToDouble(i -> dot(vectors[i], wanted)).toArray();
      assertThat(found.stream().mapToDouble(Neighbour::similarity).toArray())
          .usingComparatorWithPrecision(1e-5)
          .containsExactly(expected);
    }
  }

  /** A simple model, in memory, of what the records are. */
  private static final class Model {
    private final Map<String, Change.Outcome> newest = new HashMap<>();
    private final Map<String, Map<String, Change.Annotation>> said = new HashMap<>();

    void add(Change change) {
      switch (change) {
        case Change.Outcome outcome ->
            newest.merge(
                outcome.imageId(),
                outcome,
                (old, now) -> now.version().getOffset() >= old.version().getOffset() ? now : old);
        case Change.Annotation annotation ->
            said.computeIfAbsent(annotation.imageId(), id -> new HashMap<>())
                .merge(
                    annotation.version().getOffset() + annotation.event().getAttribute().getName(),
                    annotation,
                    (old, now) -> now.offset() >= old.offset() ? now : old);
      }
    }

    Map<String, String> described() {
      Map<String, String> described = new HashMap<>();
      newest.forEach(
          (id, outcome) -> {
            Map<String, AttributeValue> attributes =
                new HashMap<>(outcome.event().getEmbedded().getAttributesMap());
            if (!outcome.event().hasRemoved()) {
              said.getOrDefault(id, Map.of())
                  .values()
                  .forEach(
                      annotation -> {
                        if (annotation.version().equals(outcome.version())) {
                          var attribute = annotation.event().getAttribute();
                          if (attribute.hasValue()) {
                            attributes.put(attribute.getName(), attribute.getValue());
                          } else {
                            attributes.remove(attribute.getName());
                          }
                        }
                      });
            }
            described.put(
                id,
                describe(
                    outcome.version().getOffset(),
                    outcome.event().getOutcomeCase().name(),
                    attributes,
                    outcome.embedding()));
          });
      return described;
    }
  }

  private static String describe(
      long offset,
      String kind,
      Map<String, AttributeValue> attributes,
      Optional<float[]> embedding) {
    Map<String, Double> numbers = new java.util.TreeMap<>();
    attributes.forEach((name, value) -> numbers.put(name, value.getNumber()));
    return offset + kind + numbers + embedding.map(Arrays::toString).orElse("");
  }

  private Map<String, String> described() {
    Map<String, String> described = new HashMap<>();
    for (Entry entry :
        index.list(
            new Listing(Filter.ALL, EnumSet.allOf(State.class), Optional.empty(), 1000, true))) {
      assertThat(
              described.put(
                  entry.imageId(),
                  describe(
                      entry.version().getOffset(),
                      entry.outcome().getOutcomeCase().name(),
                      entry.attributes(),
                      entry.embedding())))
          .as("no doubles")
          .isNull();
    }
    return described;
  }

  @Test
  void replayOfAnySuffixConverges() {
    for (int seed = 0; seed < replays(); seed++) {
      Random random = new Random(seed);
      List<Change> outcomes = new ArrayList<>();
      List<Change> annotations = new ArrayList<>();
      String run = "s" + seed + "-";
      for (int offset = 0; offset < 40; offset++) {
        String id = run + random.nextInt(6);
        outcomes.add(
            switch (random.nextInt(5)) {
              case 0 -> removed(id, offset);
              case 1 -> rejected(id, offset);
              default ->
                  embedded(
                      id,
                      offset,
                      Map.of("p", number(random.nextInt(9))),
                      Images.randomUnit(random, DIMENSION));
            });
        // Speaks of a version of some image: past, present or to come.
        String spokenOf = run + random.nextInt(6);
        annotations.add(
            said(
                spokenOf,
                random.nextInt(40),
                offset,
                random.nextBoolean() ? "p" : "q",
                random.nextInt(4) == 0
                    ? Optional.empty()
                    : Optional.of(number(100 + random.nextInt(9)))));
      }
      Model model = new Model();
      outcomes.forEach(model::add);
      annotations.forEach(model::add);

      // Both topics from the start, interleaved by chance; then any suffix of either, some times.
      feed(random, outcomes, annotations);
      for (int replay = 0; replay < 4; replay++) {
        feed(
            random,
            outcomes.subList(random.nextInt(40), 40),
            annotations.subList(random.nextInt(40), 40));
      }
      index.refresh();
      Map<String, String> found = described();
      found.keySet().removeIf(id -> !id.startsWith(run));
      assertThat(found).as("seed " + seed).isEqualTo(model.described());
    }
  }

  private void feed(Random random, List<Change> one, List<Change> other) {
    int a = 0;
    int b = 0;
    while (a < one.size() || b < other.size()) {
      List<Change> batch = new ArrayList<>();
      for (int i = random.nextInt(12); i >= 0; i--) {
        boolean first = b == other.size() || (a < one.size() && random.nextBoolean());
        if (first && a < one.size()) {
          batch.add(one.get(a++));
        } else if (b < other.size()) {
          batch.add(other.get(b++));
        }
      }
      index.apply(batch, progress(a));
      if (random.nextInt(4) == 0) {
        index.refresh();
      }
      if (random.nextInt(12) == 0) {
        index.commit();
      }
    }
  }

  private static double dot(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += (double) one[i] * other[i];
    }
    return sum;
  }
}
