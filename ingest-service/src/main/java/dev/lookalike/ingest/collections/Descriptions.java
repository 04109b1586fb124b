package dev.lookalike.ingest.collections;

import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.ingest.v1.CollectionCounts;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What other services say of collections: whether a model is bound, whether the index answers, how
 * many images it has. Thread-safe; blocks the caller.
 */
public final class Descriptions {
  /** Pause before asking again whether the index of a new collection answers. */
  private static final Duration LOOK = Duration.ofMillis(30);

  private static final String INDEX_SILENT = "its index does not answer yet";

  private final Registry registry;
  private final Catalogue catalogue;
  private final Supplier<Optional<ServedModels>> models;
  private final Function<String, Optional<DescribeIndexResponse>> index;
  private final Duration bindWait;

  /**
   * @param models what is served; empty while the embed service does not answer
   * @param index the index of a collection, by its id; empty while it does not answer
   * @param bindWait longest wait for the index of a new collection
   */
  public Descriptions(
      Registry registry,
      Supplier<Optional<ServedModels>> models,
      Function<String, Optional<DescribeIndexResponse>> index,
      Duration bindWait) {
    this.registry = registry;
    this.catalogue = new Catalogue(registry);
    this.models = models;
    this.index = index;
    this.bindWait = bindWait;
  }

  /**
   * A collection with its counts.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, BROKER_UNAVAILABLE
   */
  public DescribedCollection describe(String nameOrId) {
    CollectionState state = catalogue.get(nameOrId);
    if (state.live().isEmpty()) {
      return withProblem(state);
    }
    Optional<DescribeIndexResponse> answer = index.apply(state.collection().getId());
    return new DescribedCollection(
        state,
        answer.isPresent() ? Optional.empty() : Optional.of(INDEX_SILENT),
        answer.map(Descriptions::counts));
  }

  private static CollectionCounts counts(DescribeIndexResponse index) {
    long pending = 0;
    for (PartitionPosition position : index.getPartitionsList()) {
      pending += Math.max(0, position.getImagesEnd() - position.getApplied());
    }
    return CollectionCounts.newBuilder()
        .setSearchable(index.getSearchable())
        .setRejected(index.getRejected())
        .setDeleted(index.getDeleted())
        .setPending(pending)
        .build();
  }

  /** Waits until a model is bound, then until the index answers; for both together bindWait. */
  DescribedCollection awaitSearchable(CollectionState created) {
    String id = created.collection().getId();
    long deadline = System.nanoTime() + bindWait.toNanos();
    boolean unused =
        registry.await(
            () -> registry.view().withId(id).flatMap(CollectionState::live).isPresent(), bindWait);
    CollectionState state = registry.view().withId(id).orElse(created);
    if (state.live().isEmpty()) {
      return withProblem(state);
    }
    while (index.apply(id).isEmpty()) {
      if (System.nanoTime() - deadline >= 0) {
        return new DescribedCollection(state, Optional.of(INDEX_SILENT), Optional.empty());
      }
      try {
        Thread.sleep(LOOK);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return new DescribedCollection(state, Optional.of("interrupted"), Optional.empty());
      }
    }
    return DescribedCollection.of(state);
  }

  /** A collection with the reason why no model is bound, where that is so. */
  DescribedCollection withProblem(CollectionState state) {
    if (state.live().isPresent()) {
      return DescribedCollection.of(state);
    }
    String problem =
        models
            .get()
            .map(
                served ->
                    served
                        .unserved()
                        .getOrDefault(state.collection().getId(), "no model is bound yet"))
            .orElse("no model is bound: the embed service does not answer");
    return new DescribedCollection(state, Optional.of(problem), Optional.empty());
  }
}
