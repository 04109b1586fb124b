package dev.lookalike.embed.log;

import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * Names and settings of the clients that stream the images of one collection into one build.
 *
 * @param common settings that every client of this service shares
 * @param slot of this instance: its place in the consumer group and its transactions
 */
record StreamClients(
    Build build, Map<String, Object> common, StreamSettings settings, String slot) {
  /** A canonical image has at most 1 MiB by default; this many bytes are read ahead at most. */
  private static final int FETCH_BYTES = 8 << 20;

  StreamClients {
    common = Map.copyOf(common);
  }

  String images() {
    return Topics.images(build.getCollectionId());
  }

  String embeddings() {
    return Topics.embeddings(build.getCollectionId(), build.getId());
  }

  String group() {
    return "lookalike.embed.%s.%s".formatted(build.getCollectionId(), build.getId());
  }

  String transactionalId() {
    return group() + "." + slot;
  }

  /** What the broker must allow, for a person. */
  String permissions() {
    return "Needed: Read of topic %s and of group %s, Write of topic %s and of transactional id %s (docs/kafka.md)"
        .formatted(images(), group(), embeddings(), transactionalId());
  }

  Map<String, Object> consumer() {
    Map<String, Object> config = new HashMap<>(common);
    config.put(ConsumerConfig.GROUP_ID_CONFIG, group());
    // The newer protocol refuses the same instance id until a session of 45 s is over.
    config.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
    config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, slot);
    config.put(ConsumerConfig.CLIENT_ID_CONFIG, "lookalike-embed-" + slot);
    config.put(
        ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, (int) settings.sessionTimeout().toMillis());
    config.put(
        ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG,
        (int) settings.sessionTimeout().toMillis() / 4);
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, settings.maxPollRecords());
    config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
    config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES / 4);
    config.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, 5000L);
    return config;
  }

  Map<String, Object> producer() {
    Map<String, Object> config = new HashMap<>(common);
    int timeout = (int) settings.transactionTimeout().toMillis();
    config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId());
    config.put(ProducerConfig.CLIENT_ID_CONFIG, "lookalike-embed-" + slot);
    config.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, timeout);
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, BuildTopics.MAX_OUTCOME_BYTES);
    config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 8L << 20);
    config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, timeout / 2);
    config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, timeout);
    config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (long) timeout);
    return config;
  }
}
