package dev.lookalike.query.log;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.catalog.Follower;
import dev.lookalike.query.catalog.ProgressSignal;
import dev.lookalike.query.follow.FollowStatus;
import dev.lookalike.query.follow.IndexFeed;
import dev.lookalike.query.follow.RecordReader;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.store.IndexSettings;
import dev.lookalike.query.store.IndexSource;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jboss.logging.Logger;

/**
 * Keeps the index of one build true to the log, in a thread of its own: opens it, then writes it or
 * watches the process that does. Opens it again when it has failed, and builds it anew when the log
 * no longer reaches back to its positions.
 *
 * <p>Concurrency: only the thread writes; what others read is in {@link FollowStatus}. An index may
 * be closed while others use it, when another takes its place: then it says UNAVAILABLE.
 */
public final class BuildFollower implements Follower {
  private static final Logger LOG = Logger.getLogger(BuildFollower.class);

  /** Pause before opening again an index that has failed. */
  private static final Duration RETRY = Duration.ofMillis(500);

  private final Collection collection;
  private final Build build;
  private final IndexSource source;
  private final QueryMetrics metrics;
  private final FollowStatus status;
  private final BuildWriter writer;
  private final BuildWatcher watcher;
  private final Closing closing = new Closing();
  private final Thread thread;

  /** Makes a follower, which does nothing before {@link #start}. */
  public BuildFollower(
      Collection collection,
      Build build,
      Map<String, Object> kafka,
      IndexSettings settings,
      IndexSource source,
      ProgressSignal signal,
      QueryMetrics metrics) {
    this(
        collection,
        build,
        consumers(BuildTopics.consumerSettings(kafka, build.getId())),
        settings,
        source,
        signal::raise,
        metrics);
  }

  /**
   * @param consumers makes consumers that have no partitions assigned
   * @param changed called after every step that others may wait for
   */
  BuildFollower(
      Collection collection,
      Build build,
      Supplier<Consumer<byte[], byte[]>> consumers,
      IndexSettings settings,
      IndexSource source,
      Runnable changed,
      QueryMetrics metrics) {
    this.collection = collection;
    this.build = build;
    this.source = source;
    this.metrics = metrics;
    this.status = new FollowStatus(changed);
    BuildTopics topics = BuildTopics.of(collection, build);
    this.writer =
        new BuildWriter(
            collection.getName(),
            topics,
            new RecordReader(
                topics.outcomes(), build.getGeneration(), build.getModel().getDimension()),
            new IndexFeed.Intervals(
                settings.refreshInterval(), settings.commitRecords(), settings.commitInterval()),
            consumers,
            status,
            metrics,
            closing);
    this.watcher =
        new BuildWatcher(
            collection.getName(),
            topics,
            settings.milvus().watchInterval(),
            consumers,
            status,
            closing);
    this.thread =
        Thread.ofPlatform().name("follow-" + collection.getId()).daemon().unstarted(this::run);
  }

  private static Supplier<Consumer<byte[], byte[]>> consumers(Map<String, Object> settings) {
    return () ->
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  @Override
  public void start() {
    thread.start();
  }

  @Override
  public Collection collection() {
    return collection;
  }

  @Override
  public Build build() {
    return build;
  }

  @Override
  public Optional<VectorIndex> index() {
    return status.index();
  }

  @Override
  public boolean caughtUp() {
    return status.caughtUp();
  }

  @Override
  public Optional<String> problem() {
    return status.problem();
  }

  @Override
  public long lag() {
    return status.lag();
  }

  @Override
  public void close() {
    closing.begin();
    writer.wakeUp();
    if (thread.getState() == Thread.State.NEW) {
      // Never started; if it is now, it ends at once.
      return;
    }
    try {
      thread.join(Duration.ofSeconds(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (!closing.hasBegun()) {
      Optional<String> away = source.away();
      if (away.isPresent()) {
        fails(away.get());
      } else {
        openAndFollow();
      }
      closing.pause(RETRY);
    }
  }

  private void openAndFollow() {
    try (VectorIndex opened = source.open(collection, build)) {
      LOG.infof(
          "opened the index of %s (build %s): %s, at %s",
          collection.getName(), build.getId(), opened.counts(), opened.progress().applied());
      status.works();
      status.opened(opened);
      if (source.writes()) {
        writer.follow(opened);
      } else {
        watcher.watch(
            opened,
            index -> source.isCurrent(collection, build, index),
            () -> source.open(collection, build));
      }
    } catch (OffsetOutOfRangeException e) {
      LOG.errorf(
          "the log no longer reaches back to the positions of the index of %s (%s): rebuilding it",
          collection.getName(), e.getMessage());
      status.fails("the index is being rebuilt");
      status.closed();
      delete();
      metrics.rebuilt();
    } catch (IndexException e) {
      fails(e.getMessage() == null ? "the index has failed" : e.getMessage());
    } finally {
      status.closed();
    }
  }

  private void delete() {
    try {
      source.delete(collection, build);
    } catch (IndexException e) {
      fails(e.getMessage() == null ? "the index cannot be deleted" : e.getMessage());
    }
  }

  /** Logged once, however often it is tried. */
  private void fails(String what) {
    if (status.fails(what)) {
      LOG.errorf("index of %s: %s", collection.getName(), what);
    }
  }
}
