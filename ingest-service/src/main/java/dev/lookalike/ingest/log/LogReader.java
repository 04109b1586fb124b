package dev.lookalike.ingest.log;

import dev.lookalike.ingest.records.LoggedRecord;
import dev.lookalike.ingest.records.RecordReader;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jboss.logging.Logger;

/**
 * Reads single records by their offset, and looks for a key in a stretch of a partition.
 * Thread-safe; blocks the caller.
 *
 * <p>Invariant: a consumer is either in {@code idle} or used by exactly one caller that holds a
 * permit; so there are never more consumers than permits.
 */
public final class LogReader implements RecordReader, AutoCloseable {
  private static final Logger LOG = Logger.getLogger(LogReader.class);
  private static final Duration POLL = Duration.ofMillis(500);

  private final KafkaSettings settings;
  private final Semaphore permits;
  private final Deque<Consumer<byte[], byte[]>> idle = new ArrayDeque<>();
  private boolean closed;

  public LogReader(KafkaSettings settings) {
    this.settings = settings;
    this.permits = new Semaphore(settings.readers(), true);
  }

  @Override
  public Optional<LoggedRecord> read(String topic, int partition, long offset) {
    TopicPartition at = new TopicPartition(topic, partition);
    return using(
        (consumer, deadline) -> {
          consumer.assign(List.of(at));
          consumer.seek(at, offset);
          while (System.nanoTime() < deadline) {
            ConsumerRecords<byte[], byte[]> found;
            try {
              found = consumer.poll(POLL);
            } catch (OffsetOutOfRangeException e) {
              return Optional.empty();
            }
            if (!found.isEmpty()) {
              // A compacted topic answers with the next record that it still has.
              ConsumerRecord<byte[], byte[]> first = found.records(at).getFirst();
              return first.offset() == offset
                  ? Optional.of(new LoggedRecord(first.key(), first.value()))
                  : Optional.empty();
            }
            if (offset >= end(consumer, at, deadline)) {
              return Optional.empty();
            }
          }
          throw OwnTopics.unavailable();
        });
  }

  @Override
  public boolean holdsKey(String topic, int partition, byte[] key, long from) {
    TopicPartition at = new TopicPartition(topic, partition);
    return using(
        (consumer, deadline) -> {
          consumer.assign(List.of(at));
          long end = end(consumer, at, deadline);
          consumer.seek(at, Math.min(from, end));
          while (consumer.position(at) < end) {
            if (System.nanoTime() >= deadline) {
              throw OwnTopics.unavailable();
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
              if (java.util.Arrays.equals(record.key(), key)) {
                return true;
              }
            }
          }
          return false;
        });
  }

  private static long end(Consumer<byte[], byte[]> consumer, TopicPartition at, long deadline) {
    Duration left = Duration.ofNanos(Math.max(deadline - System.nanoTime(), 1_000_000));
    return consumer.endOffsets(List.of(at), left).getOrDefault(at, 0L);
  }

  private interface Reading<T> {
    T with(Consumer<byte[], byte[]> consumer, long deadline);
  }

  private <T> T using(Reading<T> reading) {
    long deadline = System.nanoTime() + settings.readTimeout().toNanos();
    try {
      if (!permits.tryAcquire(settings.readTimeout().toNanos(), TimeUnit.NANOSECONDS)) {
        throw new RefusedException(ErrorCode.FULL, "too many contents are being read");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException(ErrorCode.FULL, "interrupted");
    }
    try {
      Consumer<byte[], byte[]> consumer = take();
      boolean whole = false;
      try {
        T result = reading.with(consumer, deadline);
        consumer.assign(List.of());
        whole = true;
        return result;
      } catch (KafkaException e) {
        LOG.warnf("cannot read the log: %s", e.getMessage());
        throw OwnTopics.unavailable();
      } finally {
        putBack(consumer, whole);
      }
    } finally {
      permits.release();
    }
  }

  private Consumer<byte[], byte[]> take() {
    synchronized (idle) {
      Consumer<byte[], byte[]> free = idle.pollLast();
      if (free != null) {
        return free;
      }
    }
    return new KafkaConsumer<>(
        consumerSettings(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private void putBack(Consumer<byte[], byte[]> consumer, boolean whole) {
    synchronized (idle) {
      if (whole && !closed) {
        idle.addLast(consumer);
        return;
      }
    }
    consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(1)));
  }

  private Map<String, Object> consumerSettings() {
    Map<String, Object> config = new HashMap<>(settings.forClient());
    config.put(ConsumerConfig.CLIENT_ID_CONFIG, "lookalike-ingest-reader");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    // One batch comes whole however small these are; more than that is not wanted.
    config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 1 << 16);
    config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 1 << 16);
    config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
    config.put(
        ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) settings.readTimeout().toMillis());
    config.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) settings.readTimeout().toMillis());
    return config;
  }

  @Override
  public void close() {
    synchronized (idle) {
      closed = true;
      idle.forEach(
          consumer ->
              consumer.close(
                  org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(1))));
      idle.clear();
    }
  }
}
