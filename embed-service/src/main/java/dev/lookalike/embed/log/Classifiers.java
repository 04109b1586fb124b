package dev.lookalike.embed.log;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.embed.teaching.Taught;
import dev.lookalike.embed.teaching.TaughtClassifier;
import dev.lookalike.embed.teaching.TeachingSettings;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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
 * Follows the classifiers of the collections that are served, in a thread of its own. Thread-safe.
 *
 * <p>Invariant: the thread alone writes {@code taught} and {@code known}; a collection is known
 * once everything that its topic held when it was first looked at is taken in, so that no image
 * goes without its label because a start was quicker than the reading.
 */
@Singleton
public class Classifiers {
  private static final Logger LOG = Logger.getLogger(Classifiers.class);
  private static final Duration POLL = Duration.ofMillis(250);
  private static final Duration RETRY = Duration.ofMillis(500);

  private final Broker broker;
  private final TeachingSettings settings;
  private final Map<String, Taught> taught = new ConcurrentHashMap<>();
  private final Set<String> known = ConcurrentHashMap.newKeySet();
  private volatile Set<String> wanted = Set.of();
  private volatile boolean closed;
  private volatile @Nullable KafkaConsumer<byte[], byte[]> consumer;
  private @Nullable Thread thread;

  public Classifiers(Broker broker, TeachingSettings settings) {
    this.broker = broker;
    this.settings = settings;
  }

  /** Says which collections are served; the first call starts the following. */
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

  /** Whether what a collection was taught before is read. */
  public boolean isKnown(String collectionId) {
    return known.contains(collectionId);
  }

  /** What a collection is taught; empty where it never was. */
  public Optional<Taught> of(String collectionId) {
    return Optional.ofNullable(taught.get(collectionId));
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
          lookAt = System.nanoTime() + settings.lookEvery().toNanos();
        }
        if (followed.isEmpty()) {
          sleep();
          continue;
        }
        try {
          for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
            take(record);
          }
        } catch (WakeupException e) {
          LOG.debug("other collections are served");
        }
        ends.entrySet()
            .removeIf(
                end -> {
                  boolean reached = reader.position(partition(end.getKey())) >= end.getValue();
                  if (reached) {
                    known.add(end.getKey());
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

  /** Finds the topics that are there by now, and assigns them. */
  private void look(
      KafkaConsumer<byte[], byte[]> reader,
      Set<String> now,
      Set<String> followed,
      Map<String, Long> ends) {
    Set<String> topics = broker.topics();
    Set<String> there = new HashSet<>();
    for (String id : now) {
      if (topics.contains(Topics.classifiers(id))) {
        there.add(id);
      } else {
        taught.remove(id);
        known.add(id);
      }
    }
    taught.keySet().retainAll(now);
    known.retainAll(now);
    if (there.equals(followed)) {
      return;
    }
    Set<String> added = new HashSet<>(there);
    added.removeAll(followed);
    Map<TopicPartition, Long> positions = new HashMap<>();
    followed.stream()
        .filter(there::contains)
        .forEach(id -> positions.put(partition(id), reader.position(partition(id))));
    List<TopicPartition> fresh = added.stream().map(Classifiers::partition).toList();
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
        // A broker whose data was replaced starts over: what is not in its log was not taught.
        taught.computeIfPresent(id, (same, newest) -> newest.offset() < end ? newest : null);
      }
    }
    followed.clear();
    followed.addAll(there);
    ends.keySet().retainAll(there);
  }

  private static TopicPartition partition(String collectionId) {
    return new TopicPartition(Topics.classifiers(collectionId), 0);
  }

  /** Takes a record in, in the order of the topic; one that was taken in before changes nothing. */
  void take(ConsumerRecord<byte[], byte[]> record) {
    String id = record.topic().substring(Topics.classifiers("").length());
    if (record.key() == null || record.value() == null) {
      return;
    }
    Taught newest = taught.get(id);
    if (newest != null && record.offset() <= newest.offset()) {
      return; // A reader that begins again reads what is known already.
    }
    ClassifierEvent event;
    try {
      event = ClassifierEvent.parseFrom(record.value());
    } catch (InvalidProtocolBufferException e) {
      LOG.warnf("%s at %d cannot be read; skipped: %s", record.topic(), record.offset(), e);
      return;
    }
    switch (event.getEventCase()) {
      case CLASSIFIER ->
          taught.put(id, taught(id, event.getClassifier(), record.offset(), record.value().length));
      case REMOVED -> {
        taught.put(
            id,
            new Taught(
                record.offset(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                0,
                Map.of()));
        LOG.infof("collection %s: its classifier was removed", id);
      }
      case EXISTING ->
          Keys.existingPartition(record.key())
              .ifPresent(
                  partition ->
                      taught.computeIfPresent(
                          id,
                          (same, before) ->
                              event.getExisting().getOf() == before.offset()
                                  ? before.with(partition, event.getExisting())
                                  : before));
      case EVENT_NOT_SET ->
          LOG.warnf(
              "%s at %d is of a kind that this version does not know; skipped",
              record.topic(), record.offset());
    }
  }

  private Taught taught(String id, Classifier classifier, long offset, int size) {
    Classifier description =
        classifier.toBuilder()
            .clearWeights()
            .clearBiases()
            .setGate(classifier.getGate().toBuilder().clearReferences())
            .build();
    long others =
        taught.entrySet().stream()
            .filter(each -> !each.getKey().equals(id))
            .mapToLong(each -> each.getValue().size())
            .sum();
    String problem;
    if (others + size > settings.maxBytes().asLongValue()) {
      problem =
          "with its %d bytes all classifiers together are larger than lookalike.teaching.max-bytes"
              .formatted(size);
    } else {
      try {
        TaughtClassifier usable = TaughtClassifier.of(classifier);
        LOG.infof(
            "collection %s is taught: classifier %s, %d classes",
            id, classifier.getVersion(), classifier.getClassesCount());
        return new Taught(
            offset,
            Optional.of(description),
            Optional.of(usable),
            Optional.empty(),
            size,
            Map.of());
      } catch (IllegalArgumentException e) {
        problem = "the classifier cannot be used: " + e.getMessage();
      }
    }
    LOG.warnf("collection %s: classifier %s: %s", id, classifier.getVersion(), problem);
    return new Taught(
        offset, Optional.of(description), Optional.empty(), Optional.of(problem), 0, Map.of());
  }

  private Map<String, Object> consumerSettings() {
    Map<String, Object> config = new HashMap<>(broker.clientSettings());
    config.put(ConsumerConfig.CLIENT_ID_CONFIG, "lookalike-embed-classifiers");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    // A classifier comes whole however small these are; more than one at once is not wanted.
    config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 1 << 20);
    config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 1 << 20);
    config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 250);
    return config;
  }

  @PreDestroy
  synchronized void close() {
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
