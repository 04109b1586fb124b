package dev.lookalike.query.sink;

import dev.lookalike.log.CollectionRegistry;
import dev.lookalike.log.CollectionState;
import dev.lookalike.log.RegistryView;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.index.lucene.LuceneIndex;
import dev.lookalike.query.metrics.QueryMetrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
    /**
     * Its index answers.
     *
     * @param collection as it is called now
     */
    record Ready(Collection collection, BuildFollower follower, VectorIndex index)
        implements Lookup {}

    /**
     * Its index does not answer yet.
     *
     * @param since when it was first missed, as {@link System#nanoTime}
     */
    record NotReady(String reason, long since) implements Lookup {}

    /**
     * No model is bound to it yet.
     *
     * @param since when it was first seen so, as {@link System#nanoTime}
     */
    record NotBound(long since) implements Lookup {}

    record Unknown() implements Lookup {}
  }

  private final Map<String, Object> kafka;
  private final IndexSettings settings;
  private final QueryMetrics metrics;
  private final ProgressSignal signal = new ProgressSignal();
  private final Map<Key, BuildFollower> followers = new ConcurrentHashMap<>();
  private final Map<String, Key> serving = new ConcurrentHashMap<>();

  /** When a build was first heard of, or a collection without one. */
  private final Map<Key, Long> appeared = new ConcurrentHashMap<>();

  private final long started = System.nanoTime();
  private final CollectionRegistry registry;
  private final LuceneStore store = new LuceneStore();

  /** Builds that were there when the registry was first read: they decide when to be ready. */
  private volatile Optional<Set<Key>> first = Optional.empty();

  /** Ends followers and deletes their indexes, so that nobody else waits for that. */
  private final ExecutorService ending =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("index-ending").daemon().factory());

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
      return new Lookup.NotReady("the registry of collections has not been read yet", started);
    }
    Optional<CollectionState> state = registry.find(nameOrId);
    if (state.isEmpty()) {
      return new Lookup.Unknown();
    }
    Collection collection = state.get().collection();
    Optional<Build> live = state.get().live();
    if (live.isEmpty()) {
      return new Lookup.NotBound(since(new Key(collection.getId(), "")));
    }
    Key wanted = new Key(collection.getId(), live.get().getId());
    Optional<Lookup> ready = ready(collection, wanted);
    if (ready.isPresent()) {
      serving.put(collection.getId(), wanted);
      return ready.get();
    }
    Key before = serving.get(collection.getId());
    return Optional.ofNullable(before)
        .flatMap(key -> ready(collection, key))
        .orElseGet(() -> new Lookup.NotReady(reason(wanted), since(wanted)));
  }

  /** The name of a collection by its name or id; empty: that of "default". */
  public Optional<String> nameOf(String nameOrId) {
    return registry.find(nameOrId).map(state -> state.collection().getName());
  }

  private long since(Key key) {
    Long since = appeared.get(key);
    return since == null ? System.nanoTime() : since;
  }

  private Optional<Lookup> ready(Collection collection, Key key) {
    BuildFollower follower = followers.get(key);
    if (follower == null || !follower.caughtUp()) {
      return Optional.empty();
    }
    return follower.index().map(index -> new Lookup.Ready(collection, follower, index));
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

  /** Whether a collection of this id was deleted; false while the registry has not been read. */
  public boolean isDeleted(String collectionId) {
    return registry.view().deleted().stream()
        .anyMatch(deleted -> deleted.id().equals(collectionId));
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
    ending.shutdownNow();
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
    RegistryView view = registry.view();
    Map<Key, BuildFollower> wanted = new HashMap<>();
    Set<Key> awaited = new HashSet<>();
    for (CollectionState state : view.collections()) {
      Collection collection = state.collection();
      if (state.live().isEmpty()) {
        awaited.add(new Key(collection.getId(), ""));
      }
      for (Build build : state.builds().values()) {
        if (!isFollowed(build) || !isSafe(collection, build)) {
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
    awaited.addAll(wanted.keySet());
    appeared.keySet().retainAll(awaited);
    awaited.forEach(key -> appeared.putIfAbsent(key, System.nanoTime()));
    if (first.isEmpty()) {
      first = Optional.of(Set.copyOf(wanted.keySet()));
    }
    List<BuildFollower> ended = new ArrayList<>();
    for (Key key : Set.copyOf(followers.keySet())) {
      if (!wanted.containsKey(key)) {
        LOG.infof("build %s of %s is no longer followed", key.buildId(), key.collectionId());
        ended.add(Objects.requireNonNull(followers.remove(key)));
        serving.remove(key.collectionId(), key);
      }
    }
    wanted.forEach(
        (key, follower) -> {
          if (followers.putIfAbsent(key, follower) == null) {
            follower.start();
          }
        });
    ending.execute(
        () -> {
          ended.forEach(BuildFollower::close);
          store.sweep(view);
        });
    signal.raise();
  }

  private static boolean isFollowed(Build build) {
    return build.getState() == BuildState.BUILD_STATE_LIVE
        || build.getState() == BuildState.BUILD_STATE_BUILDING;
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

    /**
     * Deletes the indexes of collections that are deleted, and those of builds that nobody follows
     * any more. What belongs to no collection that the registry has ever told of is left alone.
     */
    void sweep(RegistryView view) {
      Set<String> deleted =
          view.deleted().stream().map(RegistryView.Deleted::id).collect(Collectors.toSet());
      Set<String> known =
          view.collections().stream()
              .map(state -> state.collection().getId())
              .collect(Collectors.toSet());
      for (Path ofCollection : directoriesIn(settings.directory())) {
        String collectionId = ofCollection.getFileName().toString();
        if (!deleted.contains(collectionId) && !known.contains(collectionId)) {
          continue;
        }
        for (Path ofBuild : directoriesIn(ofCollection)) {
          Key key = new Key(collectionId, ofBuild.getFileName().toString());
          // A build that comes back meanwhile waits at this lock before it opens its index.
          synchronized (Indexes.this) {
            if (!followers.containsKey(key) && !closed) {
              delete(ofBuild);
            }
          }
        }
        if (deleted.contains(collectionId)) {
          delete(ofCollection);
        }
      }
    }

    private List<Path> directoriesIn(Path parent) {
      if (!Files.isDirectory(parent)) {
        return List.of();
      }
      try (Stream<Path> inside = Files.list(parent)) {
        return inside
            .filter(Files::isDirectory)
            .filter(each -> ID.matcher(each.getFileName().toString()).matches())
            .toList();
      } catch (IOException | UncheckedIOException e) {
        LOG.warnf("%s cannot be listed: %s", parent, e);
        return List.of();
      }
    }

    private void delete(Path directory) {
      try {
        LuceneIndex.delete(directory);
        LOG.infof("deleted %s", directory);
      } catch (IOException e) {
        LOG.errorf("%s cannot be deleted: %s", directory, e);
      }
    }

    private Path path(Collection collection, Build build) {
      return settings.directory().resolve(collection.getId()).resolve(build.getId());
    }
  }
}
