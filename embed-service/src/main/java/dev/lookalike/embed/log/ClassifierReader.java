package dev.lookalike.embed.log;

import dev.lookalike.embed.teaching.TaughtCollections;
import dev.lookalike.log.Topics;
import dev.lookalike.service.kafka.KafkaAdmin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Reads the classifiers of the collections that are served into {@link TaughtCollections}, in a
 * thread of its own. Thread-safe.
 */
public final class ClassifierReader {
  private static final Logger LOG = Logger.getLogger(ClassifierReader.class);
  private static final Duration POLL = Duration.ofMillis(250);
  private static final Duration RETRY = Duration.ofMillis(500);

  private final KafkaAdmin admin;
  private final KafkaSettings kafka;
  private final Duration lookEvery;
  private final TaughtCollections taught;
  private volatile Set<String> wanted = Set.of();
  private volatile boolean closed;
  private volatile @Nullable KafkaConsumer<byte[], byte[]> consumer;
  private @Nullable Thread thread;

  /**
   * @param lookEvery how often it is checked whether a collection has been taught for the first
   *     time
   * @param taught changed by the thread of this reader alone
   */
  public ClassifierReader(
      KafkaAdmin admin, KafkaSettings kafka, Duration lookEvery, TaughtCollections taught) {
    this.admin = admin;
    this.kafka = kafka;
    this.lookEvery = lookEvery;
    this.taught = taught;
  }

  /** Says which collections are served; the first call starts the thread. */
  public synchronized void follow(Set<String> collectionIds) {
    Set<String> now = Set.copyOf(collectionIds);
    if (closed || now.equals(wanted)) {
      return;
    }
    wanted = now;
    if (thread == null) {
      thread = Thread.ofPlatform().name("classifiers").daemon().start(this::run);
    } else {
      KafkaConsumer<byte[], byte[]> current = consumer;
      if (current != null) {
        current.wakeup();
      }
    }
  }

  private void run() {
    while (!closed) {
      try {
        read();
      } catch (WakeupException e) {
        LOG.debug("woken to stop");
      } catch (KafkaException e) {
        LOG.warnf("classifiers: %s; reading them again", e.getMessage());
      } catch (RuntimeException e) {
        LOG.error("classifiers cannot be read; trying again", e);
      }
      pause();
    }
  }

  private void pause() {
    try {
      Thread.sleep(closed ? Duration.ZERO : RETRY);
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  private void read() {
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(
            consumerSettings(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer = reader;
      Set<String> followed = new HashSet<>();
      Map<String, Long> ends = new HashMap<>();
      long lookAt = System.nanoTime();
      Set<String> lastWanted = Set.of();
      while (!closed) {
        Set<String> now = wanted;
        if (!now.equals(lastWanted) || System.nanoTime() - lookAt >= 0) {
          look(reader, now, followed, ends);
          lastWanted = now;
          lookAt = System.nanoTime() + lookEvery.toNanos();
        }
        if (followed.isEmpty()) {
          sleep();
          continue;
        }
        try {
          for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
            taught.take(id(record.topic()), record.offset(), record.key(), record.value());
          }
        } catch (WakeupException e) {
          LOG.debug("other collections are served");
        }
        ends.entrySet()
            .removeIf(
                end -> {
                  boolean reached = reader.position(partition(end.getKey())) >= end.getValue();
                  if (reached) {
                    taught.caughtUp(end.getKey());
                  }
                  return reached;
                });
      }
    } finally {
      consumer = null;
    }
  }

  private void sleep() {
    try {
      Thread.sleep(POLL);
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  /** Finds the topics that exist now, and assigns them. */
  private void look(
      KafkaConsumer<byte[], byte[]> reader,
      Set<String> now,
      Set<String> followed,
      Map<String, Long> ends) {
    Set<String> topics = admin.topics();
    Set<String> there = new HashSet<>();
    for (String id : now) {
      if (topics.contains(Topics.classifiers(id))) {
        there.add(id);
      } else {
        taught.neverTaught(id);
      }
    }
    taught.retain(now);
    if (there.equals(followed)) {
      return;
    }
    Set<String> added = new HashSet<>(there);
    added.removeAll(followed);
    Map<TopicPartition, Long> positions = new HashMap<>();
    followed.stream()
        .filter(there::contains)
        .forEach(id -> positions.put(partition(id), reader.position(partition(id))));
    List<TopicPartition> fresh = added.stream().map(ClassifierReader::partition).toList();
    List<TopicPartition> all = new ArrayList<>(positions.keySet());
    all.addAll(fresh);
    reader.assign(all);
    positions.forEach(reader::seek);
    if (!fresh.isEmpty()) {
      reader.seekToBeginning(fresh);
      Map<TopicPartition, Long> theirs = reader.endOffsets(fresh);
      for (String id : added) {
        long end = theirs.getOrDefault(partition(id), 0L);
        ends.put(id, end);
        taught.endsAt(id, end);
      }
    }
    followed.clear();
    followed.addAll(there);
    ends.keySet().retainAll(there);
  }

  private static TopicPartition partition(String collectionId) {
    return new TopicPartition(Topics.classifiers(collectionId), 0);
  }

  private static String id(String topic) {
    return topic.substring(Topics.classifiers("").length());
  }

  private Map<String, Object> consumerSettings() {
    Map<String, Object> config = kafka.forClient();
    config.put(ConsumerConfig.CLIENT_ID_CONFIG, "lookalike-embed-classifiers");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    // A classifier comes whole however small these are, and one at a time is enough.
    config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 1 << 20);
    config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 1 << 20);
    config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 250);
    return config;
  }

  /** Stops reading; what was read stays. */
  public synchronized void close() {
    closed = true;
    KafkaConsumer<byte[], byte[]> current = consumer;
    if (current != null) {
      current.wakeup();
    }
    Thread following = thread;
    if (following != null) {
      following.interrupt();
    }
  }
}
