package dev.lookalike.query.sink;

import dev.lookalike.log.CollectionRegistry;
import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.index.lucene.LuceneIndex;
import dev.lookalike.query.metrics.QueryMetrics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * The indexes of all collections: one for each build that answers searches or is about to. Follows
 * the registry: a new build gets an index, a retired one is closed, that of a deleted collection is
 * deleted.
 */
public final class Indexes implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Indexes.class);

  /** Ids are directory names here; the registry is believed only as far as that is safe. */
  private static final Pattern ID = Pattern.compile("[a-z0-9]{1,64}");

  private record Key(String collectionId, String buildId) {}

  /** How a collection stands. */
  public sealed interface Lookup {
    /** Its index answers. */
    record Ready(BuildFollower follower, VectorIndex index) implements Lookup {}

    /** Its index does not answer yet. */
    record NotReady(String reason) implements Lookup {}

    /** No model is bound to it yet. */
    record NotBound() implements Lookup {}

    record Unknown() implements Lookup {}
  }

  private final Map<String, Object> kafka;
  private final IndexSettings settings;
  private final QueryMetrics metrics;
  private final ProgressSignal signal = new ProgressSignal();
  private final Map<Key, BuildFollower> followers = new ConcurrentHashMap<>();
  private final Map<String, Key> serving = new ConcurrentHashMap<>();
  private final CollectionRegistry registry;
  private final BuildFollower.IndexStore store = new LuceneStore();

  /** Builds that were there when the registry was first read: they decide when to be ready. */
  private volatile Optional<Set<Key>> first = Optional.empty();

  private volatile boolean closed;

  /** Starts following. */
  public Indexes(Map<String, Object> kafka, IndexSettings settings, QueryMetrics metrics) {
    this.kafka = Map.copyOf(kafka);
    this.settings = settings;
    this.metrics = metrics;
    metrics.watch(this, Indexes::images, Indexes::lag);
    this.registry = new CollectionRegistry(kafka, this::reconcile);
    reconcile();
  }

  /** Raised whenever any index has come further. */
  public ProgressSignal signal() {
    return signal;
  }

  /**
   * The index that answers for a collection: that of its live build, or, until that has caught up,
   * the one that answered before.
   *
   * @param nameOrId empty: "default"
   */
  public Lookup find(String nameOrId) {
    if (!registry.caughtUp()) {
      return new Lookup.NotReady("the registry of collections has not been read yet");
    }
    Optional<CollectionState> state = registry.find(nameOrId);
    if (state.isEmpty()) {
      return new Lookup.Unknown();
    }
    Collection collection = state.get().collection();
    Optional<Build> live = state.get().live();
    if (live.isEmpty()) {
      return new Lookup.NotBound();
    }
    Key wanted = new Key(collection.getId(), live.get().getId());
    Optional<Lookup> ready = ready(wanted);
    if (ready.isPresent()) {
      serving.put(collection.getId(), wanted);
      return ready.get();
    }
    Key before = serving.get(collection.getId());
    return Optional.ofNullable(before)
        .flatMap(this::ready)
        .orElseGet(() -> new Lookup.NotReady(reason(wanted)));
  }

  private Optional<Lookup> ready(Key key) {
    BuildFollower follower = followers.get(key);
    if (follower == null || !follower.caughtUp()) {
      return Optional.empty();
    }
    return follower.index().map(index -> new Lookup.Ready(follower, index));
  }

  private String reason(Key key) {
    BuildFollower follower = followers.get(key);
    return follower == null
        ? "the index is being opened"
        : follower.problem().orElse("the index is catching up with the log");
  }

  /** The follower of a collection's live build, whether or not it has caught up. */
  public Optional<BuildFollower> live(String collectionId) {
    return registry
        .find(collectionId)
        .flatMap(CollectionState::live)
        .map(build -> new Key(collectionId, build.getId()))
        .map(followers::get);
  }

  /** Whether a collection of this id is known; empty while the registry has not been read. */
  public Optional<Boolean> knows(String collectionId) {
    return registry.caughtUp()
        ? Optional.of(
            registry.all().stream().anyMatch(s -> s.collection().getId().equals(collectionId)))
        : Optional.empty();
  }

  /** What keeps this from answering truly, a sentence each; empty when it is ready. */
  public List<String> obstacles() {
    Optional<Set<Key>> initial = first;
    if (initial.isEmpty()) {
      return List.of("the registry of collections has not been read yet");
    }
    List<String> obstacles = new ArrayList<>();
    followers.forEach(
        (key, follower) -> {
          String name = follower.collection().getName();
          follower.problem().ifPresent(problem -> obstacles.add(name + ": " + problem));
          if (follower.problem().isEmpty() && !follower.caughtUp() && initial.get().contains(key)) {
            obstacles.add(name + ": the index is catching up with the log");
          }
        });
    return obstacles;
  }

  /** Stops all, with a last commit each. A second call does nothing. */
  @Override
  public void close() {
    closed = true;
    registry.close();
    synchronized (this) {
      followers.values().parallelStream().forEach(BuildFollower::close);
      followers.clear();
    }
  }

  private double images() {
    double images = 0;
    for (BuildFollower follower : followers.values()) {
      try {
        images += follower.index().map(index -> index.counts().searchable()).orElse(0L);
      } catch (IndexException e) {
        LOG.debugf("index of %s is not counted: %s", follower.collection().getName(), e);
      }
    }
    return images;
  }

  private double lag() {
    return followers.values().stream().mapToLong(BuildFollower::lag).sum();
  }

  private synchronized void reconcile() {
    if (closed || registry == null || !registry.caughtUp()) {
      // The registry's thread may be faster than the constructor, which then looks again.
      return;
    }
    Map<Key, BuildFollower> wanted = new HashMap<>();
    for (CollectionState state : registry.all()) {
      Collection collection = state.collection();
      for (Build build : state.builds().values()) {
        boolean follow =
            build.getState() == BuildState.BUILD_STATE_LIVE
                || build.getState() == BuildState.BUILD_STATE_BUILDING;
        if (!follow || !isSafe(collection, build)) {
          continue;
        }
        Key key = new Key(collection.getId(), build.getId());
        BuildFollower present = followers.get(key);
        wanted.put(
            key,
            present == null
                ? new BuildFollower(collection, build, kafka, settings, store, signal, metrics)
                : present);
      }
    }
    if (first.isEmpty()) {
      first = Optional.of(Set.copyOf(wanted.keySet()));
    }
    Set<String> collections =
        registry.all().stream().map(s -> s.collection().getId()).collect(Collectors.toSet());
    for (Key key : Set.copyOf(followers.keySet())) {
      BuildFollower follower = followers.get(key);
      if (follower == null || wanted.containsKey(key)) {
        continue;
      }
      LOG.infof("build %s of %s is no longer followed", key.buildId(), key.collectionId());
      followers.remove(key);
      follower.close();
      if (!collections.contains(key.collectionId())) {
        store.delete(follower.collection(), follower.build());
      }
    }
    wanted.forEach(
        (key, follower) -> {
          if (followers.putIfAbsent(key, follower) == null) {
            follower.start();
          }
        });
    signal.raise();
  }

  private static boolean isSafe(Collection collection, Build build) {
    boolean safe =
        ID.matcher(collection.getId()).matches()
            && ID.matcher(build.getId()).matches()
            && build.getModel().getDimension() >= 1
            && build.getModel().getDimension() <= 4096;
    if (!safe) {
      LOG.errorf(
          "build %s of collection %s is not followed: its ids or dimension are not valid",
          build.getId(), collection.getId());
    }
    return safe;
  }

  private final class LuceneStore implements BuildFollower.IndexStore {
    @Override
    public VectorIndex open(Collection collection, Build build) {
      return LuceneIndex.open(
          path(collection, build), build.getModel().getDimension(), settings.exactBelow());
    }

    @Override
    public void delete(Collection collection, Build build) {
      try {
        LuceneIndex.delete(path(collection, build));
      } catch (IOException e) {
        LOG.errorf("%s cannot be deleted: %s", path(collection, build), e);
      }
    }

    private Path path(Collection collection, Build build) {
      return settings.directory().resolve(collection.getId()).resolve(build.getId());
    }
  }
}
