package dev.lookalike.query.log;

import dev.lookalike.log.Sources;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.query.catalog.Follower;
import dev.lookalike.query.catalog.ProgressSignal;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.metrics.QueryMetrics.RecordKind;
import dev.lookalike.query.store.IndexSettings;
import dev.lookalike.query.store.IndexSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the index of one build true to the log, in a thread of its own: reads all partitions of the
 * build's embeddings and of the collection's annotations from the positions that the index holds,
 * without a consumer group. Survives a broker that is away and an index that fails.
 *
 * <p>Concurrency: only the thread writes; what others read is volatile. The index that others get
 * may be closed under them when it is replaced: then it says UNAVAILABLE.
 */
public final class BuildFollower implements Follower {
  private static final Logger LOG = Logger.getLogger(BuildFollower.class);

  /** Pause before trying again what failed. */
  private static final Duration RETRY = Duration.ofMillis(500);

  /** Between two looks at the ends of the log, of one who only watches. */
  private static final Duration LAG_INTERVAL = Duration.ofSeconds(5);

  private static final Duration IDLE_POLL = Duration.ofMillis(500);
  private static final Duration METADATA_TIMEOUT = Duration.ofSeconds(2);
  private static final int MAX_POLL_RECORDS = 500;

  /** Bytes of one answer of the broker; a record has at most 2 MiB. */
  private static final int FETCH_BYTES = 4 << 20;

  private static final int PARTITION_FETCH_BYTES = 1 << 20;

  /** A refresh takes at most about this share of the thread's time. */
  private static final int REFRESH_REST_FACTOR = 4;

  private final Collection collection;
  private final Build build;
  private final Map<String, Object> kafka;
  private final IndexSettings settings;
  private final IndexSource source;
  private final ProgressSignal signal;
  private final QueryMetrics metrics;
  private final LogRecords records;
  private final String embeddings;
  private final String annotations;
  private final Thread thread;

  private volatile @Nullable VectorIndex index;
  private volatile boolean caughtUp;
  private volatile String problem = "the index is being opened";
  private volatile long lag;
  private volatile boolean closed;
  private volatile @Nullable KafkaConsumer<byte[], byte[]> consumer;

  public BuildFollower(
      Collection collection,
      Build build,
      Map<String, Object> kafka,
      IndexSettings settings,
      IndexSource source,
      ProgressSignal signal,
      QueryMetrics metrics) {
    this.collection = collection;
    this.build = build;
    this.kafka = Map.copyOf(kafka);
    this.settings = settings;
    this.source = source;
    this.signal = signal;
    this.metrics = metrics;
    this.records = new LogRecords(build.getGeneration(), build.getModel().getDimension());
    this.embeddings = Topics.embeddings(collection.getId(), build.getId());
    this.annotations = Topics.annotations(collection.getId());
    this.thread =
        Thread.ofPlatform().name("sink-" + collection.getId()).daemon().unstarted(this::run);
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
    return Optional.ofNullable(index);
  }

  @Override
  public boolean caughtUp() {
    return caughtUp;
  }

  @Override
  public Optional<String> problem() {
    return problem.isEmpty() ? Optional.empty() : Optional.of(problem);
  }

  @Override
  public long lag() {
    return lag;
  }

  @Override
  public void close() {
    closed = true;
    KafkaConsumer<byte[], byte[]> current = consumer;
    if (current != null) {
      current.wakeup();
    }
    try {
      thread.join(Duration.ofSeconds(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (!closed) {
      Optional<String> away = source.away();
      if (away.isPresent()) {
        fails(away.get());
        pause();
        continue;
      }
      try (VectorIndex opened = source.open(collection, build)) {
        index = opened;
        LOG.infof(
            "index of %s (build %s): %s, at %s",
            collection.getName(), build.getId(), opened.counts(), opened.progress().applied());
        problem = "";
        signal.raise();
        if (source.writes()) {
          followWhileOpen(opened);
        } else {
          watchWhileOpen(opened);
        }
      } catch (OffsetOutOfRangeException e) {
        LOG.errorf(
            "the log of %s does not reach the positions of its index (%s); it is built anew",
            collection.getName(), e.getMessage());
        problem = "the index is being built anew";
        index = null;
        deleteIndex();
        metrics.rebuilt();
      } catch (IndexException e) {
        fails(e.getMessage() == null ? "the index has failed" : e.getMessage());
      } finally {
        index = null;
        caughtUp = false;
      }
      pause();
    }
  }

  private void deleteIndex() {
    try {
      source.delete(collection, build);
    } catch (IndexException e) {
      fails(e.getMessage() == null ? "the index cannot be deleted" : e.getMessage());
    }
  }

  /** Said once, however often it is tried. */
  private void fails(String what) {
    if (!what.equals(problem)) {
      LOG.errorf("index of %s: %s", collection.getName(), what);
    }
    problem = what;
  }

  /** Looks how far the one that writes the index has come, and at which index it is. */
  private void watchWhileOpen(VectorIndex opened) {
    VectorIndex current = opened;
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(
            consumerSettings(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = partitions(reader);
      Map<TopicPartition, Long> first = Map.of();
      long nextEnds = System.nanoTime();
      while (!closed) {
        try {
          if (System.nanoTime() - nextEnds >= 0) {
            Map<TopicPartition, Long> ends = reader.endOffsets(partitions, METADATA_TIMEOUT);
            first = first.isEmpty() ? ends : first;
            lag = behind(current.progress(), ends);
            nextEnds = System.nanoTime() + LAG_INTERVAL.toNanos();
          }
        } catch (TimeoutException e) {
          LOG.debugf("ends of %s: %s", embeddings, e.getMessage());
        }
        if (!source.isCurrent(collection, build, current)) {
          // The former one is left open: requests that have it end by themselves.
          current = source.open(collection, build);
          index = current;
          signal.raise();
        }
        Progress before = current.progress();
        current.refresh();
        if (!current.progress().equals(before)) {
          signal.raise();
        }
        if (!caughtUp && !first.isEmpty() && behind(current.progress(), first) == 0) {
          caughtUp = true;
          LOG.infof("index of %s has caught up: %s", collection.getName(), current.counts());
          signal.raise();
        }
        problem = "";
        pause(settings.milvus().watchInterval());
      }
    } catch (InterruptException e) {
      LOG.debugf("watch of %s woken", collection.getName());
    } catch (KafkaException e) {
      LOG.warnf("watch of %s: %s; connecting again", collection.getName(), e.getMessage());
    } finally {
      current.close();
    }
  }

  private static long behind(Progress progress, Map<TopicPartition, Long> ends) {
    long behind = 0;
    for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
      behind +=
          Math.max(
              0,
              end.getValue() - progress.positions().getOrDefault(logPartition(end.getKey()), 0L));
    }
    return behind;
  }

  /** Follows with a new consumer whenever one has failed. Ends when closed, or by an exception. */
  private void followWhileOpen(VectorIndex opened) {
    while (!closed) {
      try {
        follow(opened);
      } catch (WakeupException | InterruptException e) {
        LOG.debugf("sink of %s woken", collection.getName());
      } catch (OffsetOutOfRangeException e) {
        throw e;
      } catch (AuthorizationException e) {
        String refused =
            "the broker refuses this service: %s (docs/kafka.md lists what it needs)"
                .formatted(e.getMessage());
        if (!refused.equals(problem)) {
          LOG.warnf("sink of %s: %s", collection.getName(), refused);
        }
        problem = refused;
        pause();
      } catch (KafkaException e) {
        LOG.warnf("sink of %s: %s; connecting again", collection.getName(), e.getMessage());
        pause();
      }
    }
  }

  private void follow(VectorIndex opened) {
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(
            consumerSettings(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer = reader;
      List<TopicPartition> partitions = partitions(reader);
      if (partitions.isEmpty()) {
        return;
      }
      reader.assign(partitions);
      // What an earlier consumer brought becomes visible, so that progress is all of it.
      opened.refresh();
      Progress progress = opened.progress();
      List<TopicPartition> unread = new ArrayList<>();
      for (TopicPartition partition : partitions) {
        Long position = progress.positions().get(logPartition(partition));
        if (position == null) {
          unread.add(partition);
        } else {
          reader.seek(partition, position);
        }
      }
      if (!unread.isEmpty()) {
        reader.seekToBeginning(unread);
      }
      Map<TopicPartition, Long> ends = reader.endOffsets(partitions);
      problem = "";
      new Round(opened, reader, partitions, ends, progress).run();
    } finally {
      consumer = null;
    }
  }

  /** All partitions of both topics; empty if closed before they were there. */
  private List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> reader) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : List.of(embeddings, annotations)) {
      int count = 0;
      while (!closed && count == 0) {
        try {
          List<PartitionInfo> infos = reader.partitionsFor(topic, METADATA_TIMEOUT);
          count = infos == null ? 0 : infos.size();
        } catch (TimeoutException
            | org.apache.kafka.common.errors.UnknownTopicOrPartitionException e) {
          LOG.debugf("%s: %s", topic, e.getMessage());
        }
        if (count == 0) {
          problem = "waiting for the broker or for topic " + topic;
          pause();
        }
      }
      if (!closed && count != collection.getPartitions()) {
        problem =
            "topic " + topic + " has " + count + " partitions, not " + collection.getPartitions();
        throw new KafkaException(problem);
      }
      for (int partition = 0; partition < count; partition++) {
        partitions.add(new TopicPartition(topic, partition));
      }
    }
    return closed ? List.of() : partitions;
  }

  private Map<String, Object> consumerSettings() {
    Map<String, Object> consumerSettings = new HashMap<>();
    consumerSettings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
    consumerSettings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
    consumerSettings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, PARTITION_FETCH_BYTES);
    consumerSettings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
    consumerSettings.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
    consumerSettings.put(ConsumerConfig.CLIENT_ID_CONFIG, "lookalike-query-" + build.getId());
    consumerSettings.putAll(kafka);
    consumerSettings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    consumerSettings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    consumerSettings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    consumerSettings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    return consumerSettings;
  }

  private static LogPartition logPartition(TopicPartition partition) {
    return new LogPartition(partition.topic(), partition.partition());
  }

  private void pause() {
    pause(RETRY);
  }

  private void pause(Duration time) {
    if (!closed) {
      try {
        Thread.sleep(time);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The loop over one consumer. */
  private final class Round {
    private final VectorIndex opened;
    private final KafkaConsumer<byte[], byte[]> reader;
    private final List<TopicPartition> partitions;
    private final Map<TopicPartition, Long> ends;
    private final Map<Integer, Long> applied;
    private final List<Instant> accepted = new ArrayList<>();
    private Progress progress;
    private int uncommitted;
    private boolean unrefreshed = true;
    private long nextRefresh = System.nanoTime();
    private long lastCommit = System.nanoTime();

    Round(
        VectorIndex opened,
        KafkaConsumer<byte[], byte[]> reader,
        List<TopicPartition> partitions,
        Map<TopicPartition, Long> ends,
        Progress progress) {
      this.opened = opened;
      this.reader = reader;
      this.partitions = partitions;
      this.ends = ends;
      this.progress = progress;
      this.applied = new HashMap<>(progress.applied());
    }

    void run() {
      while (!closed) {
        ConsumerRecords<byte[], byte[]> polled = reader.poll(patience());
        apply(polled);
        long now = System.nanoTime();
        if (unrefreshed && now - nextRefresh >= 0) {
          refresh();
        }
        if (uncommitted > 0
            && (uncommitted >= settings.commitRecords()
                || now - lastCommit >= settings.commitInterval().toNanos())) {
          commit();
        }
        lag = partitions.stream().map(reader::currentLag).mapToLong(Round::orZero).sum();
      }
    }

    private static long orZero(OptionalLong value) {
      return value.orElse(0);
    }

    /** How long there is nothing else to do. */
    private Duration patience() {
      if (unrefreshed) {
        return Duration.ofNanos(Math.max(0, nextRefresh - System.nanoTime()));
      }
      return IDLE_POLL;
    }

    private void apply(ConsumerRecords<byte[], byte[]> polled) {
      List<Change> changes = new ArrayList<>();
      for (ConsumerRecord<byte[], byte[]> record : polled) {
        read(record, changes).ifPresent(changes::add);
      }
      Map<LogPartition, Long> positions = new HashMap<>();
      for (TopicPartition partition : partitions) {
        positions.put(logPartition(partition), reader.position(partition));
      }
      Progress next = new Progress(positions, applied);
      if (!next.equals(progress)) {
        long start = System.nanoTime();
        opened.apply(changes, next);
        metrics.applied(Duration.ofNanos(System.nanoTime() - start));
        progress = next;
        uncommitted += Math.max(1, polled.count());
        unrefreshed = true;
      }
    }

    private Optional<Change> read(ConsumerRecord<byte[], byte[]> record, List<Change> before) {
      LogRecords.Reading reading =
          record.topic().equals(embeddings)
              ? records.outcome(record.key(), record.value(), source(record), record.partition())
              : records.annotation(record.key(), record.value(), record.offset());
      return switch (reading) {
        case LogRecords.Reading.Changed changed -> {
          switch (changed.change()) {
            case Change.Outcome outcome -> count(outcome);
            case Change.Annotation annotation -> metrics.read(RecordKind.ANNOTATION);
          }
          yield Optional.of(changed.change());
        }
        case LogRecords.Reading.Nothing nothing -> {
          metrics.read(RecordKind.EMPTY);
          yield Optional.empty();
        }
        case LogRecords.Reading.Unreadable unreadable -> {
          skipped(record, unreadable.reason());
          yield Optional.empty();
        }
        case LogRecords.Reading.Garbled garbled -> {
          skipped(record, garbled.reason());
          yield ofWhatNothingIsKnown(garbled, record.partition(), before);
        }
      };
    }

    private static byte @Nullable [] source(ConsumerRecord<byte[], byte[]> record) {
      Header header = record.headers().lastHeader(Sources.HEADER);
      return header == null ? null : header.value();
    }

    private void skipped(ConsumerRecord<byte[], byte[]> record, String reason) {
      metrics.read(RecordKind.UNREADABLE);
      LOG.warnf(
          "%s-%d at %d (key %s) is skipped: %s",
          record.topic(),
          record.partition(),
          record.offset(),
          LogRecords.shown(record.key()),
          reason);
    }

    /**
     * Which version it was the outcome of is not said. Of an image that nothing else is known of it
     * is taken for the next outcome that is due, so that who waits for it learns what happened; an
     * image that is known stays as it is. What is due stays due: the record may be nobody's.
     */
    private Optional<Change> ofWhatNothingIsKnown(
        LogRecords.Reading.Garbled garbled, int partition, List<Change> before) {
      opened.refresh();
      if (before.stream().anyMatch(change -> change.imageId().equals(garbled.imageId()))
          || !opened.get(List.of(garbled.imageId()), false).isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(
          LogRecords.unreadable(
              garbled.imageId(),
              ImageVersion.newBuilder()
                  .setGeneration(build.getGeneration())
                  .setPartition(partition)
                  .setOffset(applied.getOrDefault(partition, 0L))
                  .build(),
              "The outcome cannot be read: " + garbled.reason()));
    }

    private void count(Change.Outcome outcome) {
      EmbeddingEvent event = outcome.event();
      applied.merge(event.getSource().getPartition(), event.getSource().getOffset() + 1, Math::max);
      switch (event.getOutcomeCase()) {
        case EMBEDDED -> {
          metrics.read(RecordKind.EMBEDDED);
          if (caughtUp && event.hasAcceptedAt()) {
            accepted.add(
                Instant.ofEpochSecond(
                    event.getAcceptedAt().getSeconds(), event.getAcceptedAt().getNanos()));
          }
        }
        case REJECTED -> metrics.read(RecordKind.REJECTED);
        case REMOVED -> metrics.read(RecordKind.REMOVED);
        case OUTCOME_NOT_SET -> throw new IllegalStateException("read as an outcome");
      }
    }

    private void refresh() {
      long start = System.nanoTime();
      unrefreshed = !opened.refresh();
      long took = System.nanoTime() - start;
      metrics.refreshed(Duration.ofNanos(took));
      nextRefresh =
          start + Math.max(settings.refreshInterval().toNanos(), took * (1 + REFRESH_REST_FACTOR));
      Instant now = Instant.now();
      accepted.forEach(then -> metrics.searchable(Duration.between(then, now)));
      accepted.clear();
      catchUp();
      signal.raise();
    }

    private void commit() {
      long start = System.nanoTime();
      opened.commit();
      lastCommit = System.nanoTime();
      metrics.committed(Duration.ofNanos(lastCommit - start));
      uncommitted = 0;
    }

    private void catchUp() {
      if (caughtUp) {
        return;
      }
      for (TopicPartition partition : partitions) {
        if (progress.positions().getOrDefault(logPartition(partition), 0L)
            < ends.getOrDefault(partition, 0L)) {
          return;
        }
      }
      caughtUp = true;
      LOG.infof("index of %s has caught up: %s", collection.getName(), opened.counts());
    }
  }
}
