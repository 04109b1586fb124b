package dev.lookalike.embed.builds;

import dev.lookalike.embed.infer.Embedder;
import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.events.v1.BuildState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import org.jboss.logging.Logger;

/**
 * What this instance serves, as it was last decided, and the collections as the registry tells
 * them. Thread-safe; one thread decides.
 */
public final class ServedBuilds {
  private static final Logger LOG = Logger.getLogger(ServedBuilds.class);

  private final Duration coming;

  /** Notified when it is decided anew what is served. */
  private final Object decision = new Object();

  private volatile Function<String, Optional<CollectionState>> registry = name -> Optional.empty();
  private volatile Optional<String> trouble = Optional.of("the broker was not asked yet");
  private volatile List<ServedBuild> served = List.of();
  private volatile List<UnservedCollection> unserved = List.of();

  /**
   * @param coming longest wait for a collection that the registry tells of and that is not decided
   *     about yet
   */
  public ServedBuilds(Duration coming) {
    this.coming = coming;
  }

  /**
   * The registry is followed from now on.
   *
   * @param collections by name or id
   */
  public void follow(Function<String, Optional<CollectionState>> collections) {
    registry = collections;
  }

  /** It was decided anew what is served. */
  public void decided(Reconciliation.Outcome outcome) {
    if (!outcome.unserved().equals(unserved)) {
      outcome
          .unserved()
          .forEach(
              each ->
                  LOG.warnf("collection %s is not served: %s", each.collection(), each.reason()));
    }
    synchronized (decision) {
      unserved = outcome.unserved();
      served = outcome.served();
      decision.notifyAll();
    }
  }

  /** Broker and registry were tried: why they cannot be used; empty when they can. */
  public void tried(Optional<String> result) {
    trouble = result;
  }

  /** Why broker or registry cannot be used; empty when they can. */
  public Optional<String> trouble() {
    return trouble;
  }

  /** The builds that are served. */
  public List<ServedBuild> served() {
    return served;
  }

  /** What is not served, with the reason. */
  public List<UnservedCollection> unserved() {
    return unserved;
  }

  /** A collection by name or id, as the registry tells it. */
  public Optional<CollectionState> collection(String nameOrId) {
    return registry.apply(nameOrId);
  }

  /** The build of this id, or where that is empty the live one. */
  public Optional<ServedBuild> find(String collectionId, String buildId) {
    return served.stream()
        .filter(each -> each.collection().getId().equals(collectionId))
        .filter(
            each ->
                buildId.isEmpty()
                    ? each.build().getState() == BuildState.BUILD_STATE_LIVE
                    : each.build().getId().equals(buildId))
        .findFirst();
  }

  /**
   * The same, and waits a little for a binding that is just coming: of a collection that the
   * registry tells of, and of which it is not decided yet whether it is served.
   */
  public Optional<ServedBuild> await(String collectionId, String buildId) {
    long deadline = System.nanoTime() + coming.toNanos();
    synchronized (decision) {
      while (true) {
        Optional<ServedBuild> found = find(collectionId, buildId);
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (found.isPresent()
            || left <= 0
            || collection(collectionId).isEmpty()
            || unserved.stream().anyMatch(each -> each.collectionId().equals(collectionId))) {
          return found;
        }
        try {
          decision.wait(left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return found;
        }
      }
    }
  }

  /** Ids of the builds that a model serves. */
  public SortedSet<String> buildsOf(Embedder embedder) {
    SortedSet<String> ids = new TreeSet<>();
    served.stream()
        .filter(each -> each.embedder() == embedder)
        .forEach(each -> ids.add(each.build().getId()));
    return ids;
  }
}
