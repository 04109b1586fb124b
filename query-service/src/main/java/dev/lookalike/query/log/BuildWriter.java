package dev.lookalike.query.log;

import dev.lookalike.log.Sources;
import dev.lookalike.query.follow.FollowStatus;
import dev.lookalike.query.follow.IndexFeed;
import dev.lookalike.query.follow.LogRecord;
import dev.lookalike.query.follow.RecordReader;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.metrics.QueryMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Writes the index of a build: reads all partitions of its topics, from the positions that the
 * index holds, and feeds the records to it. Survives a broker that is away.
 *
 * <p>Concurrency: used by the thread of the follower, but for {@link #wakeUp}.
 */
final class BuildWriter {
  private static final Logger LOG = Logger.getLogger(BuildWriter.class);

  /** Pause before a new consumer takes the place of one that has failed. */
  private static final Duration RETRY = Duration.ofMillis(500);

  private final String name;
  private final BuildTopics topics;
  private final RecordReader records;
  private final IndexFeed.Intervals intervals;
  private final Supplier<Consumer<byte[], byte[]>> consumers;
  private final FollowStatus status;
  private final QueryMetrics metrics;
  private final Closing closing;
  private volatile @Nullable Consumer<byte[], byte[]> consumer;

  /**
   * @param name of the collection, for the log
   * @param consumers makes consumers that have no partitions assigned
   */
  BuildWriter(
      String name,
      BuildTopics topics,
      RecordReader records,
      IndexFeed.Intervals intervals,
      Supplier<Consumer<byte[], byte[]>> consumers,
      FollowStatus status,
      QueryMetrics metrics,
      Closing closing) {
    this.name = name;
    this.topics = topics;
    this.records = records;
    this.intervals = intervals;
    this.consumers = consumers;
    this.status = status;
    this.metrics = metrics;
    this.closing = closing;
  }

  /** Ends a wait for records. */
  void wakeUp() {
    Consumer<byte[], byte[]> current = consumer;
    if (current != null) {
      current.wakeup();
    }
  }

  /**
   * Follows until closed, with a new consumer whenever one has failed.
   *
   * @throws OffsetOutOfRangeException if the log does not reach back to the positions of the index
   * @throws dev.lookalike.query.index.IndexException if the index fails
   */
  void follow(VectorIndex index) {
    while (!closing.hasBegun()) {
      try {
        followOnce(index);
      } catch (WakeupException | InterruptException e) {
        LOG.debugf("the follower of %s was woken", name);
      } catch (OffsetOutOfRangeException e) {
        throw e;
      } catch (AuthorizationException e) {
        String refused =
            "the broker refuses this service: %s (docs/kafka.md lists what it needs)"
                .formatted(e.getMessage());
        if (status.fails(refused)) {
          LOG.warnf("the follower of %s: %s", name, refused);
        }
        closing.pause(RETRY);
      } catch (KafkaException e) {
        LOG.warnf("the follower of %s connects again: %s", name, e.getMessage());
        closing.pause(RETRY);
      }
    }
  }

  private void followOnce(VectorIndex index) {
    try (Consumer<byte[], byte[]> reader = consumers.get()) {
      consumer = reader;
      List<TopicPartition> partitions = topics.await(reader, status, closing);
      if (partitions.isEmpty()) {
        return;
      }
      reader.assign(partitions);
      // Makes visible what an earlier consumer brought, so that the progress is that of all of it.
      index.refresh();
      seek(reader, partitions, index.progress());
      IndexFeed feed =
          new IndexFeed(
              name,
              index,
              records,
              BuildTopics.byLogPartition(reader.endOffsets(partitions)),
              intervals,
              status,
              metrics,
              System::nanoTime);
      status.works();
      while (!closing.hasBegun()) {
        List<LogRecord> polled = new ArrayList<>();
        reader.poll(feed.patience()).forEach(record -> polled.add(logRecord(record)));
        feed.round(polled, positions(reader, partitions));
        status.lags(partitions.stream().mapToLong(each -> lag(reader, each)).sum());
      }
    } finally {
      consumer = null;
    }
  }

  private static void seek(
      Consumer<byte[], byte[]> reader, List<TopicPartition> partitions, Progress progress) {
    List<TopicPartition> unread = new ArrayList<>();
    for (TopicPartition partition : partitions) {
      Long position = progress.positions().get(BuildTopics.logPartition(partition));
      if (position == null) {
        unread.add(partition);
      } else {
        reader.seek(partition, position);
      }
    }
    if (!unread.isEmpty()) {
      reader.seekToBeginning(unread);
    }
  }

  private static Map<LogPartition, Long> positions(
      Consumer<byte[], byte[]> reader, List<TopicPartition> partitions) {
    Map<LogPartition, Long> positions = new HashMap<>();
    for (TopicPartition partition : partitions) {
      positions.put(BuildTopics.logPartition(partition), reader.position(partition));
    }
    return positions;
  }

  private static long lag(Consumer<byte[], byte[]> reader, TopicPartition partition) {
    return reader.currentLag(partition).orElse(0);
  }

  private static LogRecord logRecord(ConsumerRecord<byte[], byte[]> record) {
    Header source = record.headers().lastHeader(Sources.HEADER);
    return new LogRecord(
        record.topic(),
        record.partition(),
        record.offset(),
        record.key(),
        record.value(),
        source == null ? null : source.value());
  }
}
