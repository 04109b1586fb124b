package dev.lookalike.query.log;

import dev.lookalike.query.follow.FollowStatus;
import dev.lookalike.query.follow.IndexWatch;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.VectorIndex;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jboss.logging.Logger;

/**
 * Watches the index of a build that another process writes, and the ends of its topics. Used by the
 * thread of the follower.
 */
final class BuildWatcher {
  private static final Logger LOG = Logger.getLogger(BuildWatcher.class);

  private final String name;
  private final BuildTopics topics;
  private final Duration interval;
  private final Supplier<Consumer<byte[], byte[]>> consumers;
  private final FollowStatus status;
  private final Closing closing;

  /**
   * @param name of the collection, for the log
   * @param interval between two looks at the index
   * @param consumers makes consumers that have no partitions assigned
   */
  BuildWatcher(
      String name,
      BuildTopics topics,
      Duration interval,
      Supplier<Consumer<byte[], byte[]>> consumers,
      FollowStatus status,
      Closing closing) {
    this.name = name;
    this.topics = topics;
    this.interval = interval;
    this.consumers = consumers;
    this.status = status;
    this.closing = closing;
  }

  /**
   * Watches until closed, or until the consumer fails; then closes the index that answers.
   *
   * @param index to begin with
   * @param isCurrent whether an index is still the one that answers
   * @param open opens the one that answers
   * @throws dev.lookalike.query.index.IndexException if the index fails
   */
  void watch(VectorIndex index, Predicate<VectorIndex> isCurrent, Supplier<VectorIndex> open) {
    try (Consumer<byte[], byte[]> reader = consumers.get()) {
      List<TopicPartition> partitions = topics.await(reader, status, closing);
      try (IndexWatch watch =
          new IndexWatch(
              name,
              index,
              isCurrent,
              open,
              () -> ends(reader, partitions),
              status,
              System.nanoTime())) {
        while (!closing.hasBegun()) {
          watch.look(System.nanoTime());
          closing.pause(interval);
        }
      }
    } catch (InterruptException e) {
      LOG.debugf("the watcher of %s was woken", name);
    } catch (KafkaException e) {
      LOG.warnf("the watcher of %s connects again: %s", name, e.getMessage());
    }
  }

  private Optional<Map<LogPartition, Long>> ends(
      Consumer<byte[], byte[]> reader, List<TopicPartition> partitions) {
    try {
      return Optional.of(
          BuildTopics.byLogPartition(reader.endOffsets(partitions, BuildTopics.TIMEOUT)));
    } catch (TimeoutException e) {
      LOG.debugf("ends of %s: %s", topics.outcomes(), e.getMessage());
      return Optional.empty();
    }
  }
}
