package dev.lookalike.embed.log;

import dev.lookalike.embed.teaching.ExistingPass;
import dev.lookalike.embed.teaching.Share;
import dev.lookalike.embed.teaching.Taught;
import dev.lookalike.embed.teaching.TaughtCollections;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import dev.lookalike.proto.events.v1.ExistingProgress;
import dev.lookalike.service.kafka.KafkaAdmin;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the images that were there before a collection was taught, where that was asked for,
 * and writes what the classifier says of each: a label, or that there is none any more. After a
 * removal, the latter for all.
 *
 * <p>A partition is gone through by the instance whose pipeline has it. Progress lies in the log;
 * doing a stretch again changes nothing.
 */
public final class ExistingImages {
  private static final Logger LOG = Logger.getLogger(ExistingImages.class);
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofMillis(200);

  private final KafkaAdmin admin;
  private final KafkaSettings kafka;
  private final int progressEvery;
  private final TaughtCollections taught;

  /** What is complete though its record has not come back from the log yet: by partition. */
  private final Map<TopicPartition, Long> complete = new HashMap<>();

  private volatile boolean closed;
  private @Nullable Thread thread;

  /**
   * @param progressEvery images between two records of the progress
   */
  public ExistingImages(
      KafkaAdmin admin, KafkaSettings kafka, int progressEvery, TaughtCollections taught) {
    this.admin = admin;
    this.kafka = kafka;
    this.progressEvery = progressEvery;
    this.taught = taught;
  }

  /** Starts; once. */
  public synchronized void start(Supplier<List<Share>> shares) {
    if (thread == null) {
      thread = Thread.ofPlatform().name("existing-images").daemon().start(() -> run(shares));
    }
  }

  private void run(Supplier<List<Share>> shares) {
    while (!closed) {
      Duration pause = LOOK;
      for (Share share : shares.get()) {
        try {
          work(share, shares);
        } catch (InterruptException e) {
          return;
        } catch (KafkaException e) {
          LOG.warnf(
              "existing images of collection %s: %s; going on in a moment",
              share.collectionId(), e.getMessage());
          pause = RETRY;
        } catch (RuntimeException e) {
          LOG.errorf(e, "existing images of collection %s: trying again", share.collectionId());
          pause = RETRY;
        }
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void work(Share share, Supplier<List<Share>> shares) {
    Optional<Taught> now = taught.of(share.collectionId());
    if (now.isEmpty()) {
      return;
    }
    long offset = now.get().offset();
    List<Integer> open =
        ExistingPass.open(
            now.get(),
            share,
            partition -> Objects.equals(complete.get(place(share, partition)), offset));
    if (open.isEmpty()) {
      return;
    }
    try (KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(
                producerSettings(), new ByteArraySerializer(), new ByteArraySerializer());
        KafkaConsumer<byte[], byte[]> reader =
            new KafkaConsumer<>(
                consumerSettings(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      for (int partition : open) {
        ExistingPass pass = new ExistingPass(share, now.get(), partition);
        if (goThrough(share, pass, partition, reader, producer, shares)) {
          complete.put(place(share, partition), offset);
        }
      }
    }
  }

  private static TopicPartition place(Share share, int partition) {
    return new TopicPartition(
        Topics.embeddings(share.collectionId(), share.build().getId()), partition);
  }

  /** Whether it came to the end; not where the pass is not due any more. */
  private boolean goThrough(
      Share share,
      ExistingPass pass,
      int partition,
      KafkaConsumer<byte[], byte[]> reader,
      KafkaProducer<byte[], byte[]> producer,
      Supplier<List<Share>> shares) {
    TopicPartition place = place(share, partition);
    reader.assign(List.of(place));
    // Committed records that are not marked as such yet lie before it, too.
    long end = admin.end(place);
    reader.seekToBeginning(List.of(place));
    if (pass.position() > 0) {
      reader.seek(place, pass.position());
    }
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    while (reader.position(place) < end) {
      if (closed || !pass.isStillDue(taught.of(share.collectionId()), shares.get())) {
        return false;
      }
      for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
        if (record.offset() < end) {
          pass.examine(record.key(), record.value())
              .ifPresent(
                  spoken ->
                      sent.add(
                          producer.send(
                              LabelRecords.of(
                                  share.collectionId(),
                                  record.key(),
                                  spoken.version(),
                                  spoken.label(),
                                  Instant.now()))));
        }
      }
      awaitAll(sent);
      pass.reached(reader.position(place));
      pass.toSave(progressEvery).ifPresent(progress -> save(share, partition, progress, producer));
    }
    ExistingProgress last = pass.complete();
    save(share, partition, last, producer);
    LOG.infof(
        "collection %s, partition %d: examined %d existing images, labelled %d",
        share.collectionId(), partition, last.getExamined(), last.getLabelled());
    return true;
  }

  private static void save(
      Share share,
      int partition,
      ExistingProgress progress,
      KafkaProducer<byte[], byte[]> producer) {
    awaitAll(
        new ArrayList<>(
            List.of(
                producer.send(
                    new ProducerRecord<>(
                        Topics.classifiers(share.collectionId()),
                        0,
                        Keys.existing(partition),
                        ClassifierEvent.newBuilder()
                            .setExisting(progress)
                            .build()
                            .toByteArray())))));
  }

  private static void awaitAll(List<Future<RecordMetadata>> sent) {
    try {
      for (Future<RecordMetadata> each : sent) {
        each.get();
      }
      sent.clear();
    } catch (ExecutionException e) {
      throw new KafkaException("a label was not written", e.getCause());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private Map<String, Object> consumerSettings() {
    Map<String, Object> config = kafka.forClient();
    config.put(ConsumerConfig.CLIENT_ID_CONFIG, "lookalike-embed-existing");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 4 << 20);
    return config;
  }

  private Map<String, Object> producerSettings() {
    Map<String, Object> config = kafka.forClient();
    config.put(ProducerConfig.CLIENT_ID_CONFIG, "lookalike-embed-existing");
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 4L << 20);
    config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 10_000L);
    config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 10_000);
    config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
    config.put(ProducerConfig.LINGER_MS_CONFIG, 5L);
    return config;
  }

  /** Stops; a later start goes on from the last progress in the log. */
  public synchronized void close() {
    closed = true;
    Thread working = thread;
    if (working != null) {
      working.interrupt();
    }
  }
}
