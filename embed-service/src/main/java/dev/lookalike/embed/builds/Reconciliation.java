package dev.lookalike.embed.builds;

import dev.lookalike.embed.builds.BindingRule.Decision;
import dev.lookalike.embed.infer.Embedder;
import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.ModelReference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * Goes through the registry: binds collections that have no live build, and decides which builds
 * this instance serves.
 *
 * @param offers that a collection can be bound to
 * @param embedders what runs a model, where it is served here
 * @param topicRefusal provides the topic of a build; tells why that one, or the images' one, cannot
 *     be used
 * @param write a new build to the registry
 */
public record Reconciliation(
    Offers offers,
    Function<ModelReference, Optional<Embedder>> embedders,
    BiFunction<Collection, Build, Optional<String>> topicRefusal,
    Consumer<Build> write) {
  private static final Logger LOG = Logger.getLogger(Reconciliation.class);

  /**
   * What is served, as of one look at the registry.
   *
   * @param topicsRefused whether a topic could not be used: somebody may mend it without a word of
   *     the registry
   */
  public record Outcome(
      List<ServedBuild> served, List<UnservedCollection> unserved, boolean topicsRefused) {
    public Outcome {
      served = List.copyOf(served);
      unserved = List.copyOf(unserved);
    }
  }

  /** Goes through the collections, once. */
  public Outcome of(List<CollectionState> collections, Instant now) {
    Pass pass = new Pass(now);
    collections.forEach(pass::take);
    return new Outcome(pass.served, pass.unserved, pass.topicsRefused);
  }

  private final class Pass {
    private final Instant now;
    private final List<ServedBuild> served = new ArrayList<>();
    private final List<UnservedCollection> unserved = new ArrayList<>();
    private boolean topicsRefused;

    private Pass(Instant now) {
      this.now = now;
    }

    private void take(CollectionState state) {
      Collection collection = state.collection();
      if (state.live().isEmpty()) {
        bind(collection).ifPresent(reason -> refuse(collection, reason));
      }
      for (Build build : state.builds().values()) {
        if (build.getState() == BuildState.BUILD_STATE_LIVE
            || build.getState() == BuildState.BUILD_STATE_BUILDING) {
          serve(collection, build);
        }
      }
    }

    /** Binds a collection that has no live build; tells why it cannot be bound. */
    private Optional<String> bind(Collection collection) {
      return switch (BindingRule.decide(collection, offers, now)) {
        case Decision.Refused refused -> Optional.of(refused.reason());
        case Decision.Bound bound -> {
          // The topic is there before anybody hears of the build.
          Optional<String> refusal = refusalOfTopics(collection, bound.build());
          if (refusal.isEmpty()) {
            write.accept(bound.build());
            LOG.infof(
                "collection %s is bound to model %s: build %s",
                collection.getName(), bound.build().getModel().getId(), bound.build().getId());
          }
          yield refusal;
        }
      };
    }

    private void serve(Collection collection, Build build) {
      Optional<Embedder> embedder = embedders.apply(build.getModel());
      Optional<String> refusal =
          embedder.isPresent()
              ? refusalOfTopics(collection, build)
              : Optional.of(BindingRule.notServed(build.getModel(), offers));
      refusal.ifPresentOrElse(
          reason -> refuse(collection, reason),
          () -> served.add(new ServedBuild(collection, build, embedder.orElseThrow())));
    }

    private void refuse(Collection collection, String reason) {
      unserved.add(new UnservedCollection(collection.getId(), collection.getName(), reason));
    }

    private Optional<String> refusalOfTopics(Collection collection, Build build) {
      Optional<String> refusal = topicRefusal.apply(collection, build);
      topicsRefused |= refusal.isPresent();
      return refusal;
    }
  }
}
