package dev.lookalike.query.catalog;

import dev.lookalike.log.CollectionState;
import dev.lookalike.log.RegistryView;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.store.IndexStore;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * Knows which build and which index answer for a collection. Follows the registry: a new build gets
 * an index and a follower, a retired one loses both, and so does a deleted collection.
 *
 * <p>Thread-safe. Invariant, under the monitor: {@code followers} are those of the last view, all
 * started; whoever loses its place there is closed before its index is deleted.
 */
public final class Catalog implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Catalog.class);

  /** Ids are names of directories here; the registry is believed only as far as that is safe. */
  private static final Pattern ID = Pattern.compile("[a-z0-9]{1,64}");

  private static final int MAX_DIMENSION = 4096;

  /**
   * The index of a live build, whether or not it has caught up.
   *
   * @param caughtUp as {@link Follower#caughtUp}
   */
  public record Live(Build build, VectorIndex index, boolean caughtUp) {}

  private final IndexStore store;
  private final Follower.Factory factory;
  private final ProgressSignal signal;
  private final Supplier<Optional<String>> registryProblem;
  private final Map<IndexKey, Follower> followers = new ConcurrentHashMap<>();

  /** Followers whose place another has taken, until their last answers are given. */
  private final Map<IndexKey, Follower> retiring = new ConcurrentHashMap<>();

  /** By collection id: the index that answered last. */
  private final Map<String, IndexKey> serving = new ConcurrentHashMap<>();

  /** When a build was first heard of, or a collection without one. */
  private final Map<IndexKey, Long> appeared = new ConcurrentHashMap<>();

  private final long started = System.nanoTime();

  /** What the registry says; empty until it has been read. */
  private volatile Optional<RegistryView> view = Optional.empty();

  /** The builds of the first view: only these keep the service from being ready. */
  private volatile Set<IndexKey> first = Set.of();

  /** Closes followers and deletes their indexes, so that nobody else waits for that. */
  private final ExecutorService ending;

  private volatile boolean closed;

  /**
   * @param factory makes what keeps an index true to the log
   * @param signal raised after each change
   * @param registryProblem why the registry cannot be read; empty if it can, or nothing is known
   */
  public Catalog(
      IndexStore store,
      Follower.Factory factory,
      ProgressSignal signal,
      Supplier<Optional<String>> registryProblem) {
    this(
        store,
        factory,
        signal,
        registryProblem,
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("index-ending").daemon().factory()));
  }

  Catalog(
      IndexStore store,
      Follower.Factory factory,
      ProgressSignal signal,
      Supplier<Optional<String>> registryProblem,
      ExecutorService ending) {
    this.store = store;
    this.factory = factory;
    this.signal = signal;
    this.registryProblem = registryProblem;
    this.ending = ending;
  }

  /** Takes over what the registry says now: starts and ends followers. */
  public synchronized void follow(RegistryView now) {
    if (closed) {
      return;
    }
    Map<IndexKey, Follower> wanted = new LinkedHashMap<>();
    Set<IndexKey> awaited = new HashSet<>();
    for (CollectionState state : now.collections()) {
      Collection collection = state.collection();
      if (state.live().isEmpty()) {
        awaited.add(new IndexKey(collection.getId(), ""));
      }
      for (Build build : state.builds().values()) {
        if (isFollowed(build) && isSafe(collection, build)) {
          IndexKey key = new IndexKey(collection.getId(), build.getId());
          Follower present = followers.get(key);
          wanted.put(key, present == null ? factory.of(collection, build, store) : present);
        }
      }
    }
    awaited.addAll(wanted.keySet());
    appeared.keySet().retainAll(awaited);
    awaited.forEach(key -> appeared.putIfAbsent(key, System.nanoTime()));
    List<Follower> ended = endAllBut(wanted.keySet());
    wanted.forEach(
        (key, follower) -> {
          if (followers.putIfAbsent(key, follower) == null) {
            follower.start();
          }
        });
    if (view.isEmpty()) {
      first = Set.copyOf(wanted.keySet());
    }
    view = Optional.of(now);
    ending.execute(
        () -> {
          ended.forEach(Follower::close);
          sweep(now);
        });
    signal.raise();
  }

  private List<Follower> endAllBut(Set<IndexKey> wanted) {
    List<Follower> ended = new ArrayList<>();
    for (IndexKey key : Set.copyOf(followers.keySet())) {
      if (!wanted.contains(key)) {
        LOG.infof("build %s of %s is no longer followed", key.buildId(), key.collectionId());
        ended.add(Objects.requireNonNull(followers.remove(key)));
        Optional.ofNullable(retiring.remove(key)).ifPresent(ended::add);
        serving.remove(key.collectionId(), key);
      }
    }
    return ended;
  }

  private void sweep(RegistryView now) {
    try {
      store.sweep(
          now,
          (collectionId, buildId, delete) -> {
            // A build that comes back meanwhile waits at this lock before it opens its index.
            synchronized (this) {
              if (!isFollowed(new IndexKey(collectionId, buildId)) && !closed) {
                delete.run();
              }
            }
          });
    } catch (IndexException e) {
      LOG.warnf("indexes that are no longer needed stay for now: %s", e.getMessage());
    }
  }

  private static boolean isFollowed(Build build) {
    return build.getState() == BuildState.BUILD_STATE_LIVE
        || build.getState() == BuildState.BUILD_STATE_BUILDING;
  }

  private static boolean isSafe(Collection collection, Build build) {
    int dimension = build.getModel().getDimension();
    boolean safe =
        ID.matcher(collection.getId()).matches()
            && ID.matcher(build.getId()).matches()
            && dimension >= 1
            && dimension <= MAX_DIMENSION;
    if (!safe) {
      LOG.errorf(
          "build %s of collection %s is not followed: its ids or its dimension are not valid",
          build.getId(), collection.getId());
    }
    return safe;
  }

  /**
   * The index that answers for a collection: that of its live build or, until that one has caught
   * up, the one that answered before.
   *
   * @param nameOrId empty: "default"
   */
  public Lookup find(String nameOrId) {
    if (view.isEmpty()) {
      return new Lookup.NotReady(
          "the registry of collections has not been read yet", started, false);
    }
    Optional<CollectionState> state = state(nameOrId);
    if (state.isEmpty()) {
      return new Lookup.Unknown();
    }
    Collection collection = state.get().collection();
    Optional<Build> live = state.get().live();
    if (live.isEmpty()) {
      return new Lookup.NotBound(since(new IndexKey(collection.getId(), "")));
    }
    IndexKey wanted = new IndexKey(collection.getId(), live.get().getId());
    Optional<String> away = store.away();
    if (away.isPresent()) {
      return new Lookup.NotReady(away.get(), since(wanted), true);
    }
    Optional<Lookup> ready = ready(collection, wanted);
    if (ready.isPresent()) {
      serving.put(collection.getId(), wanted);
      return ready.get();
    }
    return Optional.ofNullable(serving.get(collection.getId()))
        .flatMap(before -> ready(collection, before))
        .orElseGet(() -> new Lookup.NotReady(reason(wanted), since(wanted), false));
  }

  private Optional<CollectionState> state(String nameOrId) {
    return view.flatMap(now -> now.find(nameOrId));
  }

  private long since(IndexKey key) {
    Long since = appeared.get(key);
    return since == null ? System.nanoTime() : since;
  }

  private Optional<Lookup> ready(Collection collection, IndexKey key) {
    return Optional.ofNullable(followers.get(key))
        .filter(Follower::caughtUp)
        .flatMap(
            follower ->
                follower
                    .index()
                    .map(index -> new Lookup.Ready(collection, follower.build(), index)));
  }

  private String reason(IndexKey key) {
    Follower follower = followers.get(key);
    return follower == null
        ? "the index is being opened"
        : follower.problem().orElse("the index is catching up with the log");
  }

  /** The name of a collection by its name or id; empty: that of "default". */
  public Optional<String> nameOf(String nameOrId) {
    return state(nameOrId).map(state -> state.collection().getName());
  }

  /** The index of a collection's live build, while it is open. */
  public Optional<Live> live(String collectionId) {
    return view.flatMap(now -> now.withId(collectionId))
        .flatMap(CollectionState::live)
        .map(build -> new IndexKey(collectionId, build.getId()))
        .map(followers::get)
        .flatMap(
            follower -> {
              boolean caughtUp = follower.caughtUp();
              return follower.index().map(index -> new Live(follower.build(), index, caughtUp));
            });
  }

  /**
   * The index of a build that answers now: another may have taken its place meanwhile.
   *
   * @throws IndexException UNAVAILABLE if it is not open
   */
  public VectorIndex answering(IndexKey key) {
    return Optional.ofNullable(followers.get(key))
        .flatMap(Follower::index)
        .orElseThrow(
            () ->
                new IndexException(
                    IndexException.Kind.UNAVAILABLE, "the index is not open at the moment"));
  }

  /** Whether there is a collection with this id; empty while the registry has not been read. */
  public Optional<Boolean> knows(String collectionId) {
    return view.map(now -> now.withId(collectionId).isPresent());
  }

  /** Whether a collection with this id was deleted; false while the registry has not been read. */
  public boolean isDeleted(String collectionId) {
    return view.stream()
        .flatMap(now -> now.deleted().stream())
        .anyMatch(deleted -> deleted.id().equals(collectionId));
  }

  /** What keeps the service from being ready, a sentence each; empty when it is. */
  public List<String> obstacles() {
    if (view.isEmpty()) {
      return List.of(
          "the registry of collections has not been read yet"
              + registryProblem.get().map(why -> ": " + why).orElse(""));
    }
    List<String> obstacles = new ArrayList<>();
    store.away().ifPresent(obstacles::add);
    followers.forEach(
        (key, follower) -> {
          String name = follower.collection().getName();
          Optional<String> problem = follower.problem();
          problem.ifPresent(why -> obstacles.add(name + ": " + why));
          if (problem.isEmpty() && !follower.caughtUp() && first.contains(key)) {
            obstacles.add(name + ": the index is catching up with the log");
          }
        });
    return obstacles;
  }

  /** Searchable images of all indexes that are open. */
  public double images() {
    double images = 0;
    for (Follower follower : followers.values()) {
      try {
        images += follower.index().map(index -> index.counts().searchable()).orElse(0L);
      } catch (IndexException e) {
        LOG.debugf("index of %s is not counted: %s", follower.collection().getName(), e);
      }
    }
    return images;
  }

  /** Records by which all indexes are behind the log. */
  public double lag() {
    return followers.values().stream().mapToLong(Follower::lag).sum();
  }

  /** Everyone who follows a build now. */
  List<Follower> followers() {
    return List.copyOf(followers.values());
  }

  boolean isFollowed(IndexKey key) {
    return followers.containsKey(key);
  }

  /**
   * Puts another follower in the place of the one whose index answers. That one stays open until
   * {@link #retire}.
   *
   * @return false if nobody wants the build any more: then nothing has changed
   */
  synchronized boolean install(IndexKey key, Follower next) {
    Follower before = followers.get(key);
    if (closed || before == null) {
      return false;
    }
    retiring.put(key, before);
    followers.put(key, next);
    signal.raise();
    return true;
  }

  /** Closes the follower that {@link #install} has taken out of its place. */
  void retire(IndexKey key) {
    Optional.ofNullable(retiring.remove(key)).ifPresent(Follower::close);
  }

  /** Stops all followers, with a last commit each. A second call does nothing. */
  @Override
  public void close() {
    closed = true;
    ending.shutdownNow();
    synchronized (this) {
      followers.values().parallelStream().forEach(Follower::close);
      retiring.values().parallelStream().forEach(Follower::close);
      followers.clear();
    }
  }
}
