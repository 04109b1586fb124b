package dev.lookalike.ingest.log;

import dev.lookalike.ingest.metrics.IngestMetrics;
import dev.lookalike.ingest.records.Append;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Appends records and returns once the broker has acknowledged them with all its replicas.
 * Thread-safe; blocks the caller. The first call makes the producer, so that a start costs nothing.
 */
public final class LogWriter implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(LogWriter.class);

  /** Share of the time that may go into finding the topic's leader, and for room in the buffer. */
  private static final double METADATA_SHARE = 0.3;

  private static final Duration LINGER = Duration.ofMillis(2);

  /** Longest time for one attempt; several fit into the delivery timeout. */
  private static final Duration REQUEST = Duration.ofSeconds(5);

  private static final Duration DRAIN = Duration.ofSeconds(10);

  private final KafkaSettings settings;
  private final IngestMetrics metrics;
  private @Nullable Producer<byte[], byte[]> producer;
  private boolean closed;

  public LogWriter(KafkaSettings settings, IngestMetrics metrics) {
    this.settings = settings;
    this.metrics = metrics;
  }

  /**
   * Appends records, in order within a partition. All are handed over before the first is waited
   * for.
   *
   * @return their offsets, in the order of the records
   * @throws RefusedException BROKER_UNAVAILABLE when one was not acknowledged in time; any of them
   *     may have been written all the same
   */
  public List<Long> appendAll(List<Append> records) {
    long start = System.nanoTime();
    List<Future<RecordMetadata>> pending = new ArrayList<>(records.size());
    try {
      for (Append record : records) {
        pending.add(
            producer()
                .send(
                    new ProducerRecord<>(
                        record.topic(), record.partition(), record.key(), record.value())));
      }
      List<Long> offsets = new ArrayList<>(records.size());
      for (Future<RecordMetadata> acknowledgement : pending) {
        long left =
            settings.deliveryTimeout().plusSeconds(1).toNanos() - (System.nanoTime() - start);
        offsets.add(acknowledgement.get(Math.max(left, 1), TimeUnit.NANOSECONDS).offset());
      }
      metrics.produced(Duration.ofNanos(System.nanoTime() - start));
      return offsets;
    } catch (ExecutionException e) {
      throw refusal(e.getCause());
    } catch (KafkaException e) {
      throw refusal(e);
    } catch (TimeoutException e) {
      throw refusal(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw refusal(e);
    }
  }

  /**
   * Appends one record that may be larger than those of images, with a producer of its own: it is
   * written rarely, and needs room that nothing else does.
   *
   * @param maxBytes of the record
   * @throws RefusedException as {@link #appendAll}
   */
  public void appendLarge(Append record, int maxBytes) {
    Map<String, Object> config = producerSettings();
    config.put(ProducerConfig.CLIENT_ID_CONFIG, "lookalike-ingest-large");
    config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, maxBytes);
    config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 2L * maxBytes);
    Producer<byte[], byte[]> own =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    try {
      RecordMetadata unused =
          own.send(
                  new ProducerRecord<>(
                      record.topic(), record.partition(), record.key(), record.value()))
              .get(settings.deliveryTimeout().plusSeconds(1).toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw refusal(e.getCause());
    } catch (KafkaException | TimeoutException e) {
      throw refusal(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw refusal(e);
    } finally {
      own.close(Duration.ZERO);
    }
  }

  private static RefusedException refusal(@Nullable Throwable cause) {
    if (cause instanceof RecordTooLargeException) {
      return new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "image, attributes and labels together are too large");
    }
    LOG.warnf("the broker did not acknowledge: %s", cause);
    if (cause instanceof AuthorizationException || cause instanceof AuthenticationException) {
      return new RefusedException(
          ErrorCode.BROKER_UNAVAILABLE,
          "the broker does not let this service write; nothing was accepted");
    }
    return OwnTopics.unavailable();
  }

  private synchronized Producer<byte[], byte[]> producer() {
    if (closed) {
      throw OwnTopics.unavailable();
    }
    if (producer == null) {
      producer =
          new KafkaProducer<>(
              producerSettings(), new ByteArraySerializer(), new ByteArraySerializer());
    }
    return producer;
  }

  Map<String, Object> producerSettings() {
    long total = Math.max(settings.deliveryTimeout().toMillis(), 2_000);
    long metadata = (long) (total * METADATA_SHARE);
    long delivery = total - metadata;
    Map<String, Object> config = new HashMap<>(settings.forClient());
    config.put(ProducerConfig.CLIENT_ID_CONFIG, "lookalike-ingest");
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, metadata);
    config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) delivery);
    config.put(
        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
        (int) Math.min(REQUEST.toMillis(), delivery - LINGER.toMillis()));
    config.put(ProducerConfig.LINGER_MS_CONFIG, LINGER.toMillis());
    config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, OwnTopics.MAX_RECORD_BYTES);
    config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, settings.bufferMemory().asLongValue());
    return config;
  }

  @Override
  public void close() {
    Producer<byte[], byte[]> open;
    synchronized (this) {
      closed = true;
      open = producer;
    }
    if (open != null) {
      open.close(DRAIN);
    }
  }
}
