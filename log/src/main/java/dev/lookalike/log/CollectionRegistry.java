package dev.lookalike.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Follows the registry topic in its own thread and answers from memory. Waits for an unreachable
 * broker and for a topic that does not exist yet.
 *
 * <p>Thread-safe. Invariant: only the registry's thread touches {@code records}; other threads see
 * the immutable {@code view}, which is replaced after each change.
 */
public final class CollectionRegistry implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(CollectionRegistry.class);
  private static final TopicPartition PARTITION = new TopicPartition(Topics.COLLECTIONS, 0);
  private static final Duration POLL = Duration.ofMillis(500);

  /** Pause before retrying a missing topic or broker. */
  private static final Duration RETRY = Duration.ofMillis(100);

  /** Name of the collection used if none is given. */
  public static final String DEFAULT = "default";

  private final Map<String, Object> kafka;
  private final Runnable onChange;
  private final Thread thread;
  private final CollectionRecords records = new CollectionRecords();
  private volatile RegistryView view = new RegistryView(List.of(), List.of(), List.of());
  private volatile long position;
  private volatile boolean caughtUp;
  private volatile Optional<String> problem = Optional.empty();
  private volatile boolean closed;
  private volatile @Nullable KafkaConsumer<byte[], byte[]> consumer;

  /**
   * Starts following.
   *
   * @param kafka client settings: at least {@code bootstrap.servers}
   * @param onChange called by the registry's thread after the view changed, and once when it has
   *     caught up; must not block for long; exceptions are logged
   */
  public CollectionRegistry(Map<String, Object> kafka, Runnable onChange) {
    this.kafka = Map.copyOf(kafka);
    this.onChange = onChange;
    this.thread = Thread.ofPlatform().name("registry").daemon().unstarted(this::follow);
    this.thread.start();
  }

  /** Whether the view has everything that the topic held when it was first read. */
  public boolean caughtUp() {
    return caughtUp;
  }

  /** The broker's reason why the topic cannot be read; empty if it can, or if none is known. */
  public Optional<String> problem() {
    return problem;
  }

  /** See {@link RegistryView#find}. */
  public Optional<CollectionState> find(String nameOrId) {
    return view.find(nameOrId);
  }

  /** All collections, by name. */
  public List<CollectionState> all() {
    return view.collections();
  }

  /** See {@link RegistryView#withId}. */
  public Optional<CollectionState> withId(String id) {
    return view.withId(id);
  }

  /** The whole registry at one moment. */
  public RegistryView view() {
    return view;
  }

  /**
   * The offset of the next record: the view has all records before it. A writer that waits until
   * this passes its own offset knows the effect of its record.
   */
  public long position() {
    return position;
  }

  /** Stops following and waits for the thread. A second call does nothing. */
  @Override
  public void close() {
    closed = true;
    KafkaConsumer<byte[], byte[]> current = consumer;
    if (current != null) {
      current.wakeup();
    }
    try {
      thread.join(Duration.ofSeconds(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void follow() {
    while (!closed) {
      try {
        readFromStart();
      } catch (WakeupException e) {
        LOG.debug("registry reader woken");
      } catch (KafkaException e) {
        Optional<String> now = Optional.of(String.valueOf(e.getMessage()));
        if (!now.equals(problem)) {
          LOG.warnf("registry: %s; reading it again", e.getMessage());
        }
        problem = now;
      }
      pause();
    }
  }

  private void readFromStart() {
    Map<String, Object> settings = new HashMap<>(kafka);
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    settings.putIfAbsent(ConsumerConfig.CLIENT_ID_CONFIG, "lookalike-registry");
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer = reader;
      awaitTopic(reader);
      if (closed) {
        return;
      }
      reader.assign(List.of(PARTITION));
      reader.seekToBeginning(List.of(PARTITION));
      long end = reader.endOffsets(List.of(PARTITION)).getOrDefault(PARTITION, 0L);
      problem = Optional.empty();
      // The broker's data was replaced: start over, since a collection that is not in its log does
      // not exist.
      records.clear();
      boolean whole = false;
      while (!closed) {
        boolean changed = false;
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
          if (record.key() == null) {
            LOG.warnf("registry record at %d has no key; skipped", record.offset());
          } else {
            records.apply(record.offset(), new String(record.key(), UTF_8), record.value());
          }
          changed = true;
        }
        boolean reached = !whole && reader.position(PARTITION) >= end;
        whole |= reached;
        if (whole && (changed || reached)) {
          publish(reader.position(PARTITION));
        }
      }
    } finally {
      consumer = null;
    }
  }

  private void awaitTopic(KafkaConsumer<byte[], byte[]> reader) {
    while (!closed) {
      try {
        List<PartitionInfo> partitions = reader.partitionsFor(Topics.COLLECTIONS, POLL);
        if (partitions != null && !partitions.isEmpty()) {
          return;
        }
      } catch (org.apache.kafka.common.errors.TimeoutException
          | org.apache.kafka.common.errors.UnknownTopicOrPartitionException e) {
        LOG.debugf("registry topic does not exist yet: %s", e.getMessage());
      }
      pause();
    }
  }

  private void publish(long next) {
    view = records.view();
    position = next;
    caughtUp = true;
    try {
      onChange.run();
    } catch (RuntimeException e) {
      LOG.error("a listener of the registry failed", e);
    }
  }

  private void pause() {
    if (closed) {
      return;
    }
    try {
      Thread.sleep(RETRY);
    } catch (InterruptedException e) {
      // Nothing interrupts this thread; if something does, it ends.
      closed = true;
    }
  }
}
