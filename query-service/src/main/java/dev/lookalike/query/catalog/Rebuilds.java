package dev.lookalike.query.catalog;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.store.IndexStore;
import dev.lookalike.query.store.NextIndex;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.jboss.logging.Logger;

/**
 * Builds indexes anew from the log, beside those that answer. A new index takes the place of the
 * old one when it has caught up; until then, and if it is given up, the old one answers.
 * Thread-safe.
 */
public final class Rebuilds implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Rebuilds.class);

  private static final Duration POLL = Duration.ofMillis(200);

  /**
   * Between the flip to another index and the end of the former: requests end, and replicas that
   * only serve notice which index is theirs.
   */
  private static final Duration LAST_ANSWERS = Duration.ofSeconds(10);

  /** How often such a replica looks within that time, at least. */
  private static final int LAST_LOOKS = 3;

  /** Between two tries of a flip. */
  private static final Duration FLIP_AGAIN = Duration.ofSeconds(1);

  private static final Duration OUTDATED_POLL = Duration.ofSeconds(2);

  /** Lets time pass. */
  interface Pause {
    void sleep(Duration time) throws InterruptedException;
  }

  private final Catalog catalog;
  private final IndexStore store;
  private final Follower.Factory factory;
  private final Runnable rebuilt;
  private final Duration lastAnswers;
  private final Executor threads;
  private final Pause pause;
  private final Map<IndexKey, Follower> running = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /**
   * @param watchInterval how often a replica that only serves looks which index is its own
   * @param rebuilt called after each rebuild that has succeeded
   */
  public Rebuilds(
      Catalog catalog,
      IndexStore store,
      Follower.Factory factory,
      Duration watchInterval,
      Runnable rebuilt) {
    this(
        catalog,
        store,
        factory,
        watchInterval,
        rebuilt,
        work -> Thread.ofPlatform().name("rebuild").daemon().start(work),
        Thread::sleep);
  }

  /**
   * @param threads run one rebuild each
   */
  Rebuilds(
      Catalog catalog,
      IndexStore store,
      Follower.Factory factory,
      Duration watchInterval,
      Runnable rebuilt,
      Executor threads,
      Pause pause) {
    Duration looks = watchInterval.multipliedBy(LAST_LOOKS);
    this.catalog = catalog;
    this.store = store;
    this.factory = factory;
    this.rebuilt = rebuilt;
    this.lastAnswers = looks.compareTo(LAST_ANSWERS) > 0 ? looks : LAST_ANSWERS;
    this.threads = threads;
    this.pause = pause;
  }

  /** Whether this process writes the indexes; one that only serves rebuilds none. */
  public boolean writes() {
    return store.writes();
  }

  /** Whether an index is being built beside the one of this name. */
  public boolean isRunning(IndexKey key) {
    return running.containsKey(key);
  }

  /**
   * Begins to build the index of a build anew.
   *
   * @return whether that has begun; false: it is being built already
   * @throws IndexException if the engine that holds the index does not answer
   */
  public boolean begin(Collection collection, Build build) {
    IndexKey key = new IndexKey(collection.getId(), build.getId());
    NextIndex beside = new NextIndex(store);
    Follower next = factory.of(collection, build, beside);
    if (closed || running.putIfAbsent(key, next) != null) {
      return false;
    }
    LOG.infof("index of %s is being built anew", collection.getName());
    try {
      // What is left of an attempt that ended with its process.
      store.deleteOthers(collection, build);
    } catch (IndexException e) {
      running.remove(key);
      throw e;
    }
    next.start();
    threads.execute(() -> finish(key, next, beside));
    return true;
  }

  private void finish(IndexKey key, Follower next, NextIndex beside) {
    boolean installed = false;
    try {
      while (!next.caughtUp()) {
        if (!isWanted(key)) {
          return;
        }
        pause.sleep(POLL);
      }
      installed = promote(key, next, beside) && catalog.install(key, next);
      if (!installed) {
        return;
      }
      LOG.infof("index of %s was built anew and answers", next.collection().getName());
      rebuilt.run();
      // Requests that began a moment ago still read the former index.
      pause.sleep(lastAnswers);
      catalog.retire(key);
      store.deleteOthers(next.collection(), next.build());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IndexException e) {
      LOG.errorf("index of %s: rebuild: %s", next.collection().getName(), e.getMessage());
    } finally {
      if (!installed) {
        next.close();
      }
      running.remove(key);
    }
  }

  private boolean isWanted(IndexKey key) {
    return !closed && catalog.isFollowed(key);
  }

  /**
   * Makes the new index the one that answers, and tries until that is certain: when an answer of
   * the engine is lost, nobody knows whether it did what it was asked.
   *
   * @return false if nobody wants it any more
   */
  private boolean promote(IndexKey key, Follower next, NextIndex beside)
      throws InterruptedException {
    String said = "";
    while (isWanted(key)) {
      // In this order: an index that had to be opened again meanwhile begins anew, empty.
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
      pause.sleep(FLIP_AGAIN);
    }
    return false;
  }

  /** Rebuilds by itself, from now on, what other settings or an older release have made. */
  public void watchOutdated() {
    if (store.writes()) {
      Thread.ofPlatform().name("index-outdated").daemon().start(this::watch);
    }
  }

  private void watch() {
    while (!closed) {
      try {
        pause.sleep(OUTDATED_POLL);
        rebuildOutdated();
      } catch (InterruptedException e) {
        return;
      } catch (IndexException e) {
        LOG.debugf("outdated indexes were not looked for: %s", e.getMessage());
      }
    }
  }

  /** Begins to rebuild each index that would be made in another way now. */
  void rebuildOutdated() {
    for (Follower follower : catalog.followers()) {
      Optional<VectorIndex> index = follower.index();
      if (follower.caughtUp()
          && index.isPresent()
          && store.isOutdated(index.get())
          && begin(follower.collection(), follower.build())) {
        LOG.warnf(
            "index of %s was made with other settings or by an older release",
            follower.collection().getName());
      }
    }
  }

  /** Gives up what is being built. A second call does nothing. */
  @Override
  public void close() {
    closed = true;
    running.values().parallelStream().forEach(Follower::close);
  }
}
