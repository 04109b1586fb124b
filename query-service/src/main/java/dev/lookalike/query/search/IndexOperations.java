package dev.lookalike.query.search;

import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.search.v1.CompareIndexRequest;
import dev.lookalike.proto.search.v1.CompareIndexResponse;
import dev.lookalike.proto.search.v1.DescribeIndexRequest;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.IndexDifference;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.proto.search.v1.RebuildIndexRequest;
import dev.lookalike.proto.search.v1.RebuildIndexResponse;
import dev.lookalike.query.catalog.Lookup;
import dev.lookalike.query.catalog.Rebuilds;
import dev.lookalike.query.catalog.Slots;
import dev.lookalike.query.compare.Comparison;
import dev.lookalike.query.index.Counts;
import dev.lookalike.query.index.Progress;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** What operators ask of an index: how far it is, to build it anew, to compare it with the log. */
public final class IndexOperations {
  private final Function<String, Lookup> find;
  private final Rebuilds rebuilds;
  private final Function<Collection, Optional<Map<Integer, Long>>> ends;
  private final Function<Lookup.Ready, Comparison> compare;
  private final Slots reading;
  private final Slots comparing = new Slots(1, "comparisons");

  /**
   * @param find how a collection stands, by its name or id
   * @param ends the next offset of each partition of a collection's images; empty while the broker
   *     does not answer
   * @param compare compares an index with the log
   * @param reading bounds requests that read the index
   */
  public IndexOperations(
      Function<String, Lookup> find,
      Rebuilds rebuilds,
      Function<Collection, Optional<Map<Integer, Long>>> ends,
      Function<Lookup.Ready, Comparison> compare,
      Slots reading) {
    this.find = find;
    this.rebuilds = rebuilds;
    this.ends = ends;
    this.compare = compare;
    this.reading = reading;
  }

  private Lookup.Ready ready(String nameOrId) {
    return find.apply(nameOrId).orRefuse(nameOrId);
  }

  /** See the contract: Search.DescribeIndex. */
  public DescribeIndexResponse describe(DescribeIndexRequest request) {
    return reading.with(() -> describe(ready(request.getCollection())));
  }

  private DescribeIndexResponse describe(Lookup.Ready ready) {
    Collection collection = ready.collection();
    Progress progress = Refusing.reading(() -> ready.index().progress());
    Map<Integer, Long> told =
        ends.apply(collection)
            .orElseThrow(
                () ->
                    new RefusedException(
                        ErrorCode.BROKER_UNAVAILABLE,
                        "The broker does not tell where the log ends."));
    Counts counts = Refusing.reading(() -> ready.index().counts());
    DescribeIndexResponse.Builder response =
        DescribeIndexResponse.newBuilder()
            .setCollection(collection.getName())
            .setCollectionId(collection.getId())
            .setBuildId(ready.build().getId())
            .setModel(ready.build().getModel())
            .setSearchable(counts.searchable())
            .setRejected(counts.rejected())
            .setDeleted(counts.deleted())
            .setRebuilding(rebuilds.isRunning(ready.key()));
    for (int partition = 0; partition < collection.getPartitions(); partition++) {
      response.addPartitions(
          PartitionPosition.newBuilder()
              .setPartition(partition)
              .setImagesEnd(told.getOrDefault(partition, 0L))
              .setApplied(progress.applied(partition)));
    }
    return response.build();
  }

  /** See the contract: Search.RebuildIndex. */
  public RebuildIndexResponse rebuild(RebuildIndexRequest request) {
    Lookup.Ready ready = ready(request.getCollection());
    if (!rebuilds.writes()) {
      throw new RefusedException(
          ErrorCode.INDEX_SERVES_ONLY,
          "This process only serves (lookalike.index.role); the one that writes the index builds it.");
    }
    return RebuildIndexResponse.newBuilder()
        .setBegun(Refusing.reading(() -> rebuilds.begin(ready.collection(), ready.build())))
        .build();
  }

  /** See the contract: Search.CompareIndex. */
  public CompareIndexResponse compare(CompareIndexRequest request) {
    return comparing.with(
        () -> {
          Lookup.Ready ready = ready(request.getCollection());
          Comparison comparison = Refusing.reading(() -> compare.apply(ready));
          CompareIndexResponse.Builder response =
              CompareIndexResponse.newBuilder()
                  .setCompared(comparison.compared())
                  .setMissing(comparison.missing())
                  .setStale(comparison.stale())
                  .setExtra(comparison.extra());
          comparison
              .examples()
              .forEach(
                  example ->
                      response.addDifferences(
                          IndexDifference.newBuilder()
                              .setImageId(example.imageId())
                              .setDifference(example.difference())));
          return response.build();
        });
  }
}
