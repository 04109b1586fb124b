package dev.lookalike.query.log;

import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.follow.FollowStatus;
import dev.lookalike.query.index.LogPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jboss.logging.Logger;

/**
 * The topics that the index of a build is made of.
 *
 * @param outcomes of the build
 * @param annotations of the collection
 * @param partitions of each
 */
record BuildTopics(String outcomes, String annotations, int partitions) {
  private static final Logger LOG = Logger.getLogger(BuildTopics.class);

  /** For each question about topics and offsets. */
  static final Duration TIMEOUT = Duration.ofSeconds(2);

  private static final Duration RETRY = Duration.ofMillis(500);

  private static final int MAX_POLL_RECORDS = 500;

  /** Bytes of one answer of the broker; a record has at most 2 MiB. */
  private static final int FETCH_BYTES = 4 << 20;

  private static final int PARTITION_FETCH_BYTES = 1 << 20;

  static BuildTopics of(Collection collection, Build build) {
    return new BuildTopics(
        Topics.embeddings(collection.getId(), build.getId()),
        Topics.annotations(collection.getId()),
        collection.getPartitions());
  }

  /** Settings of a consumer that reads them, without a group and only what was committed. */
  static Map<String, Object> consumerSettings(Map<String, Object> kafka, String buildId) {
    Map<String, Object> settings = new HashMap<>();
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
    settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
    settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, PARTITION_FETCH_BYTES);
    settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
    settings.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
    settings.put(ConsumerConfig.CLIENT_ID_CONFIG, "lookalike-query-" + buildId);
    settings.putAll(kafka);
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    return settings;
  }

  /**
   * Waits until both topics are there.
   *
   * @return all partitions of both; empty if the follower is closed first
   * @throws KafkaException if a topic has another number of partitions
   */
  List<TopicPartition> await(
      Consumer<byte[], byte[]> consumer, FollowStatus status, Closing closing) {
    List<TopicPartition> all = new ArrayList<>();
    for (String topic : List.of(outcomes, annotations)) {
      int count = 0;
      while (count == 0 && !closing.hasBegun()) {
        count = partitionsOf(topic, consumer);
        if (count == 0) {
          status.fails("waiting for the broker or for topic " + topic);
          closing.pause(RETRY);
        }
      }
      if (closing.hasBegun()) {
        return List.of();
      }
      if (count != partitions) {
        String wrong = "topic %s has %d partitions, not %d".formatted(topic, count, partitions);
        status.fails(wrong);
        throw new KafkaException(wrong);
      }
      for (int partition = 0; partition < count; partition++) {
        all.add(new TopicPartition(topic, partition));
      }
    }
    return all;
  }

  /** 0 if the topic is not there, or nobody says so in time. */
  private static int partitionsOf(String topic, Consumer<byte[], byte[]> consumer) {
    try {
      List<PartitionInfo> infos = consumer.partitionsFor(topic, TIMEOUT);
      return infos == null ? 0 : infos.size();
    } catch (TimeoutException | UnknownTopicOrPartitionException e) {
      LOG.debugf("%s: %s", topic, e.getMessage());
      return 0;
    }
  }

  static LogPartition logPartition(TopicPartition partition) {
    return new LogPartition(partition.topic(), partition.partition());
  }

  static Map<LogPartition, Long> byLogPartition(Map<TopicPartition, Long> offsets) {
    return offsets.entrySet().stream()
        .collect(Collectors.toMap(each -> logPartition(each.getKey()), Map.Entry::getValue));
  }
}
