package dev.lookalike.query.search;

import static dev.lookalike.query.catalog.Registry.collection;
import static dev.lookalike.query.catalog.Registry.live;
import static dev.lookalike.query.catalog.Registry.state;
import static dev.lookalike.query.catalog.Registry.view;
import static dev.lookalike.query.search.Requests.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.proto.search.v1.CompareIndexRequest;
import dev.lookalike.proto.search.v1.CompareIndexResponse;
import dev.lookalike.proto.search.v1.DescribeIndexRequest;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.proto.search.v1.RebuildIndexRequest;
import dev.lookalike.query.catalog.Catalog;
import dev.lookalike.query.catalog.FakeFollower;
import dev.lookalike.query.catalog.FakeStore;
import dev.lookalike.query.catalog.Lookup;
import dev.lookalike.query.catalog.ProgressSignal;
import dev.lookalike.query.catalog.Rebuilds;
import dev.lookalike.query.catalog.Slots;
import dev.lookalike.query.compare.Comparison;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Progress;
import dev.lookalike.service.error.ErrorCode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IndexOperationsTest {
  private final FakeStore store = new FakeStore();
  private final FakeFollower.Made made = new FakeFollower.Made();
  private final Catalog catalog = new Catalog(store, made, new ProgressSignal(), Optional::empty);
  private final Rebuilds rebuilds =
      new Rebuilds(catalog, store, made, Duration.ofSeconds(1), () -> {});
  private Optional<Map<Integer, Long>> ends = Optional.of(Map.of(0, 12L, 1, 8L));
  private final Comparison comparison =
      Comparison.clean(7)
          .with(Comparison.Difference.STALE, "a")
          .with(Comparison.Difference.STALE, "b")
          .with(Comparison.Difference.STALE, "c")
          .with(Comparison.Difference.EXTRA, "d")
          .with(Comparison.Difference.EXTRA, "e")
          .with(Comparison.Difference.MISSING, "f");
  private Optional<IndexException> failure = Optional.empty();
  private final IndexOperations operations =
      new IndexOperations(
          catalog::find, rebuilds, collection -> ends, this::compare, new Slots(1, "requests"));

  private Comparison compare(Lookup.Ready ready) {
    assertThat(ready.collection().getName()).isEqualTo("shop");
    failure.ifPresent(
        it -> {
          throw it;
        });
    return comparison;
  }

  @BeforeEach
  void follow() {
    catalog.follow(view(state(collection("c1", "shop"), live("b1"))));
    made.all
        .get(0)
        .answers()
        .apply(
            List.of(
                Images.embedded("a", 0, 1, 0),
                Images.embedded("b", 1, 1, 0),
                Images.embedded("c", 2, 1, 0),
                Images.rejected("r", 3),
                Images.rejected("s", 4),
                Images.removed("x", 5)),
            new Progress(Map.of(), Map.of(0, 6L)));
  }

  @AfterEach
  void close() {
    rebuilds.close();
    catalog.close();
  }

  private DescribeIndexResponse describe() {
    return operations.describe(DescribeIndexRequest.newBuilder().setCollection("shop").build());
  }

  private boolean rebuild() {
    return operations
        .rebuild(RebuildIndexRequest.newBuilder().setCollection("shop").build())
        .getBegun();
  }

  private CompareIndexResponse compare() {
    return operations.compare(CompareIndexRequest.newBuilder().setCollection("shop").build());
  }

  @Test
  void describesHowFarTheIndexIs() {
    DescribeIndexResponse described = describe();
    assertThat(described.getCollection()).isEqualTo("shop");
    assertThat(described.getCollectionId()).isEqualTo("c1");
    assertThat(described.getBuildId()).isEqualTo("b1");
    assertThat(described.getModel().getId()).isEqualTo("tiny");
    assertThat(described.getSearchable()).isEqualTo(3);
    assertThat(described.getRejected()).isEqualTo(2);
    assertThat(described.getDeleted()).isEqualTo(1);
    assertThat(described.getRebuilding()).isFalse();
    assertThat(described.getPartitionsList())
        .extracting(
            PartitionPosition::getPartition,
            PartitionPosition::getImagesEnd,
            PartitionPosition::getApplied)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(0, 12L, 6L),
            org.assertj.core.groups.Tuple.tuple(1, 8L, 0L),
            org.assertj.core.groups.Tuple.tuple(2, 0L, 0L));
  }

  @Test
  void describesNothingWithoutTheBroker() {
    ends = Optional.empty();
    assertThat(refusal(this::describe).code()).isEqualTo(ErrorCode.BROKER_UNAVAILABLE);
  }

  @Test
  void beginsARebuildOnce() {
    assertThat(rebuild()).isTrue();
    assertThat(describe().getRebuilding()).isTrue();
    assertThat(rebuild()).isFalse();
  }

  @Test
  void aProcessThatOnlyServesRebuildsNothing() {
    store.writes = false;
    assertThat(refusal(this::rebuild).code()).isEqualTo(ErrorCode.INDEX_SERVES_ONLY);
  }

  @Test
  void whatTheEngineCannotDoIsARefusal() {
    store.deletion = new IndexException(IndexException.Kind.UNAVAILABLE, "away");
    assertThat(refusal(this::rebuild).code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
    failure = Optional.of(new IndexException(IndexException.Kind.UNAVAILABLE, "away"));
    assertThat(refusal(this::compare).code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
  }

  @Test
  void saysWhatAComparisonHasFound() {
    CompareIndexResponse found = compare();
    assertThat(found.getCompared()).isEqualTo(7);
    assertThat(found.getMissing()).isEqualTo(1);
    assertThat(found.getStale()).isEqualTo(3);
    assertThat(found.getExtra()).isEqualTo(2);
    assertThat(found.getDifferencesCount()).isEqualTo(6);
    assertThat(found.getDifferences(5).getImageId()).isEqualTo("f");
    assertThat(found.getDifferences(5).getDifference()).isEqualTo("missing");
  }

  @Test
  void refusesWhatDoesNotAnswer() {
    made.all.get(0).caughtUp = false;
    assertThat(refusal(this::describe).code()).isEqualTo(ErrorCode.CATCHING_UP);
    assertThat(refusal(this::rebuild).code()).isEqualTo(ErrorCode.CATCHING_UP);
    assertThat(refusal(this::compare).code()).isEqualTo(ErrorCode.CATCHING_UP);
  }
}
