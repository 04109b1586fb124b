package dev.lookalike.query.log;

import dev.lookalike.log.CollectionRegistry;
import dev.lookalike.log.CollectionState;
import dev.lookalike.log.RegistryView;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.store.IndexSettings;
import dev.lookalike.query.store.IndexStore;
import dev.lookalike.query.store.LuceneStore;
import dev.lookalike.query.store.MilvusStore;
import dev.lookalike.query.store.NextIndex;
import java.time.Duration;
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
import org.jboss.logging.Logger;

/**
 * The indexes of all collections: one for each build that answers searches or is about to. Follows
 * the registry: a new build gets an index, a retired one is closed, that of a deleted collection is
 * deleted.
 */
public final class Indexes implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Indexes.class);

  /** Ids are directory names here; the registry is believed only as far as that is safe. */
  static final Pattern ID = Pattern.compile("[a-z0-9]{1,64}");

  /** Of an index. */
  record Key(String collectionId, String buildId) {}

  private static final Duration REBUILD_POLL = Duration.ofMillis(200);

  /**
   * Between the flip to another index and the end of the former: requests end, and replicas that
   * only serve look which index they have ({@code watch-interval}).
   */
  private static final Duration LAST_ANSWERS = Duration.ofSeconds(10);

  /** Looks of such a replica within that time, at least. */
  private static final int LAST_LOOKS = 3;

  /** Between two tries of a flip. */
  private static final Duration FLIP_AGAIN = Duration.ofSeconds(1);

  private static final Duration OUTDATED_POLL = Duration.ofSeconds(2);

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
     * @param away whether what holds the index does not answer: then waiting a little does not help
     */
    record NotReady(String reason, long since, boolean away) implements Lookup {}

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
  private final Map<Key, BuildFollower> rebuilds = new ConcurrentHashMap<>();

  /** Whose place another has taken, until their last answers are given. */
  private final Map<Key, BuildFollower> retiring = new ConcurrentHashMap<>();

  private final Map<String, Key> serving = new ConcurrentHashMap<>();

  /** When a build was first heard of, or a collection without one. */
  private final Map<Key, Long> appeared = new ConcurrentHashMap<>();

  private final long started = System.nanoTime();
  private final CollectionRegistry registry;
  private final IndexStore store;

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
    this.store =
        switch (settings.type()) {
          case LUCENE -> new LuceneStore(settings);
          case MILVUS -> new MilvusStore(settings);
        };
    LogComparison.sweep(settings.directory());
    metrics.watch(this, Indexes::images, Indexes::lag);
    Map<String, Object> ofRegistry = new HashMap<>(kafka);
    ofRegistry.put("client.id", "lookalike-query-registry");
    this.registry = new CollectionRegistry(ofRegistry, this::reconcile);
    reconcile();
    if (store.writes()) {
      Thread.ofPlatform().name("index-outdated").daemon().start(this::watchOutdated);
    }
  }

  private void watchOutdated() {
    while (!closed) {
      try {
        Thread.sleep(OUTDATED_POLL);
        rebuildOutdated();
      } catch (InterruptedException e) {
        return;
      } catch (IndexException e) {
        LOG.debugf("not looked at: %s", e.getMessage());
      }
    }
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
      return new Lookup.NotReady(
          "the registry of collections has not been read yet", started, false);
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
    Optional<String> away = store.away();
    if (away.isPresent()) {
      return new Lookup.NotReady(away.get(), since(wanted), true);
    }
    Optional<Lookup> ready = ready(collection, wanted);
    if (ready.isPresent()) {
      serving.put(collection.getId(), wanted);
      return ready.get();
    }
    Key before = serving.get(collection.getId());
    return Optional.ofNullable(before)
        .flatMap(key -> ready(collection, key))
        .orElseGet(() -> new Lookup.NotReady(reason(wanted), since(wanted), false));
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

  /**
   * Builds the index of a build anew from the log, beside the one that answers. When it has caught
   * up it takes its place.
   *
   * @return whether that has begun; false: it is being built already
   * @throws IndexException if what holds the index does not answer
   */
  public boolean rebuild(Lookup.Ready ready) {
    Collection collection = ready.collection();
    Build build = ready.follower().build();
    Key key = new Key(collection.getId(), build.getId());
    NextIndex beside = new NextIndex(store);
    BuildFollower next =
        new BuildFollower(collection, build, kafka, settings, beside, signal, metrics);
    if (closed || rebuilds.putIfAbsent(key, next) != null) {
      return false;
    }
    LOG.infof("index of %s is being built anew", collection.getName());
    try {
      // Of an attempt that ended with the process.
      store.deleteOthers(collection, build);
    } catch (IndexException e) {
      rebuilds.remove(key);
      throw e;
    }
    next.start();
    Thread.ofPlatform()
        .name("rebuild-" + key.collectionId())
        .daemon()
        .start(() -> finish(key, next, beside));
    return true;
  }

  /** Whether this process keeps the indexes true to the log; one that only serves rebuilds none. */
  public boolean writes() {
    return store.writes();
  }

  /** Whether an index is being built beside the one that answers. */
  public boolean isRebuilding(Lookup.Ready ready) {
    return rebuilds.containsKey(
        new Key(ready.collection().getId(), ready.follower().build().getId()));
  }

  private void finish(Key key, BuildFollower next, NextIndex beside) {
    boolean installed = false;
    try {
      while (!next.caughtUp()) {
        if (closed || !followers.containsKey(key)) {
          return;
        }
        Thread.sleep(REBUILD_POLL);
      }
      if (!promote(key, next, beside)) {
        return;
      }
      BuildFollower before;
      synchronized (this) {
        before = followers.get(key);
        if (closed || before == null) {
          return;
        }
        retiring.put(key, before);
        followers.put(key, next);
        installed = true;
      }
      signal.raise();
      LOG.infof("index of %s was built anew and answers", next.collection().getName());
      metrics.rebuilt();
      // What was asked a moment ago is still being answered.
      Thread.sleep(lastAnswers());
      retiring.remove(key);
      before.close();
      store.deleteOthers(next.collection(), next.build());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IndexException e) {
      LOG.errorf("index of %s: rebuild: %s", next.collection().getName(), e.getMessage());
    } finally {
      if (!installed) {
        next.close();
      }
      rebuilds.remove(key);
    }
  }

  /**
   * Makes the new index the one that answers, until it surely is: where an answer of the engine is
   * lost, nobody knows whether it did what it was asked.
   *
   * @return false if nobody wants it any more
   */
  private boolean promote(Key key, BuildFollower next, NextIndex beside)
      throws InterruptedException {
    String said = "";
    while (!closed && followers.containsKey(key)) {
      // In this order: one that had to be opened again meanwhile begins anew, empty.
      Optional<VectorIndex> index = next.index();
      if (index.isPresent() && next.caughtUp()) {
        try {
          beside.promote(next.collection(), next.build(), index.get());
          return true;
        } catch (IndexException e) {
          if (!said.equals(e.getMessage())) {
            LOG.warnf("index of %s: flip: %s", next.collection().getName(), e.getMessage());
            said = String.valueOf(e.getMessage());
          }
        }
      }
      Thread.sleep(FLIP_AGAIN);
    }
    return false;
  }

  private Duration lastAnswers() {
    Duration looks = settings.milvus().watchInterval().multipliedBy(LAST_LOOKS);
    return looks.compareTo(LAST_ANSWERS) > 0 ? looks : LAST_ANSWERS;
  }

  /** One that was made otherwise than it would be made now is built anew, by itself. */
  private void rebuildOutdated() {
    for (BuildFollower follower : followers.values()) {
      Optional<VectorIndex> index = follower.index();
      if (follower.caughtUp() && index.isPresent() && store.isOutdated(index.get())) {
        if (rebuild(new Lookup.Ready(follower.collection(), follower, index.get()))) {
          LOG.warnf(
              "index of %s was made with other settings or by an older release",
              follower.collection().getName());
        }
      }
    }
  }

  /**
   * Compares an index with the log, entry by entry.
   *
   * @param patience for reading the log
   */
  public Comparison compare(Lookup.Ready ready, Duration patience) {
    Build build = ready.follower().build();
    Key key = new Key(ready.collection().getId(), build.getId());
    return new LogComparison(
            kafka, settings, ready.collection(), build, () -> answering(key), patience)
        .run();
  }

  /** The index of a build that answers now: it may be built anew meanwhile. */
  private VectorIndex answering(Key key) {
    return Optional.ofNullable(followers.get(key))
        .flatMap(BuildFollower::index)
        .orElseThrow(
            () ->
                new IndexException(
                    IndexException.Kind.UNAVAILABLE, "the index is not open at the moment"));
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
      return List.of(
          "the registry of collections has not been read yet"
              + registry.problem().map(why -> ": " + why).orElse(""));
    }
    List<String> obstacles = new ArrayList<>();
    store.away().ifPresent(obstacles::add);
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
      rebuilds.values().parallelStream().forEach(BuildFollower::close);
      followers.values().parallelStream().forEach(BuildFollower::close);
      retiring.values().parallelStream().forEach(BuildFollower::close);
      followers.clear();
    }
    store.close();
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
        Optional.ofNullable(retiring.remove(key)).ifPresent(ended::add);
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
          sweep(view);
        });
    signal.raise();
  }

  private void sweep(RegistryView view) {
    try {
      store.sweep(
          view,
          (collectionId, buildId, delete) -> {
            // A build that comes back meanwhile waits at this lock before it opens its index.
            synchronized (this) {
              if (!followers.containsKey(new Key(collectionId, buildId)) && !closed) {
                delete.run();
              }
            }
          });
    } catch (IndexException e) {
      LOG.warnf("what is left of earlier indexes stays for now: %s", e.getMessage());
    }
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
}
