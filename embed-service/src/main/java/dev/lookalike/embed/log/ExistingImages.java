package dev.lookalike.embed.log;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.embed.teaching.Taught;
import dev.lookalike.embed.teaching.TeachingSettings;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import dev.lookalike.proto.events.v1.Embedded;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.ExistingProgress;
import dev.lookalike.proto.image.v1.Label;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
 * and says what the classifier says of each: a label, or that there is none any more. After a
 * removal the latter of all. Works from the embeddings in the log, without a model.
 *
 * <p>A partition is gone through by the instance whose pipeline has it, after that has begun to use
 * the same classifier: whatever an older one said lies before the end that is read to. Progress
 * lies in the log; to do a stretch again changes nothing.
 */
@Singleton
public class ExistingImages {
  private static final Logger LOG = Logger.getLogger(ExistingImages.class);
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofMillis(200);

  private final Broker broker;
  private final TeachingSettings settings;
  private final Classifiers classifiers;

  /** What is complete though its record has not come back from the log yet: by partition. */
  private final Map<TopicPartition, Long> complete = new HashMap<>();

  private volatile boolean closed;
  private @Nullable Thread thread;

  /**
   * A pipeline, as far as it matters here.
   *
   * @param partitions that it has
   * @param taughtBy offset of what new images are labelled by, from now on; -1: by nothing
   */
  public record Share(String collectionId, Build build, Set<Integer> partitions, long taughtBy) {}

  public ExistingImages(Broker broker, TeachingSettings settings, Classifiers classifiers) {
    this.broker = broker;
    this.settings = settings;
    this.classifiers = classifiers;
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
    Optional<Taught> taught = classifiers.of(share.collectionId());
    if (taught.isEmpty() || !isDue(taught.get(), share)) {
      return;
    }
    List<Integer> open = new ArrayList<>();
    for (int partition : share.partitions()) {
      if (!isComplete(taught.get(), share, partition)) {
        open.add(partition);
      }
    }
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
        goThrough(share, taught.get(), partition, reader, producer, shares);
      }
    }
  }

  /** Removals concern every build; classifiers only their own. */
  private static boolean isDue(Taught taught, Share share) {
    return taught.concernsExisting()
        && taught.offset() == share.taughtBy()
        && (taught.description().isEmpty() || taught.appliesTo(share.build()));
  }

  private boolean isComplete(Taught taught, Share share, int partition) {
    Long done = complete.get(place(share, partition));
    return taught.progress(partition).getComplete() || (done != null && done == taught.offset());
  }

  private static TopicPartition place(Share share, int partition) {
    return new TopicPartition(
        Topics.embeddings(share.collectionId(), share.build().getId()), partition);
  }

  /** Whether the partition is still to be gone through by this instance, for the same record. */
  private boolean isStillDue(
      Share share, Taught taught, int partition, Supplier<List<Share>> shares) {
    return !closed
        && classifiers
            .of(share.collectionId())
            .filter(now -> now.offset() == taught.offset())
            .isPresent()
        && shares.get().stream()
            .anyMatch(
                now ->
                    now.collectionId().equals(share.collectionId())
                        && now.build().getId().equals(share.build().getId())
                        && now.partitions().contains(partition)
                        && now.taughtBy() == taught.offset());
  }

  private void goThrough(
      Share share,
      Taught taught,
      int partition,
      KafkaConsumer<byte[], byte[]> reader,
      KafkaProducer<byte[], byte[]> producer,
      Supplier<List<Share>> shares) {
    TopicPartition place = place(share, partition);
    ExistingProgress.Builder progress = taught.progress(partition).toBuilder();
    reader.assign(List.of(place));
    // What is committed but not marked so yet lies before it, too.
    long end = broker.end(place);
    reader.seekToBeginning(List.of(place));
    if (progress.getPosition() > 0) {
      reader.seek(place, progress.getPosition());
    }
    long saved = progress.getExamined();
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    while (reader.position(place) < end) {
      if (!isStillDue(share, taught, partition, shares)) {
        return;
      }
      for (ConsumerRecord<byte[], byte[]> record : reader.poll(POLL)) {
        if (record.offset() < end) {
          examine(share, taught, record, progress, sent, producer);
        }
      }
      awaitAll(sent);
      progress.setPosition(reader.position(place));
      if (progress.getExamined() - saved >= settings.progressEvery()) {
        save(share, partition, progress.build(), producer);
        saved = progress.getExamined();
      }
    }
    save(share, partition, progress.setComplete(true).build(), producer);
    complete.put(place, taught.offset());
    LOG.infof(
        "collection %s, partition %d: %d images that were there before examined, %d labelled",
        share.collectionId(), partition, progress.getExamined(), progress.getLabelled());
  }

  private static void examine(
      Share share,
      Taught taught,
      ConsumerRecord<byte[], byte[]> record,
      ExistingProgress.Builder progress,
      List<Future<RecordMetadata>> sent,
      KafkaProducer<byte[], byte[]> producer) {
    EmbeddingEvent event;
    try {
      event = EmbeddingEvent.parseFrom(record.value() == null ? new byte[0] : record.value());
    } catch (InvalidProtocolBufferException e) {
      return; // The reader of the index says so; here it is an image without an embedding.
    }
    if (record.key() == null
        || !event.hasEmbedded()
        || event.getSource().getPartition() != record.partition()
        || event.getSource().getGeneration() != share.build().getGeneration()) {
      return;
    }
    Embedded embedded = event.getEmbedded();
    if (TaughtLabels.areNotWanted(embedded.getLabelsList())) {
      return;
    }
    Optional<Label> label =
        embedded.getEmbeddingCount() == share.build().getModel().getDimension()
            ? taught.label(values(embedded))
            : Optional.empty();
    progress.setExamined(progress.getExamined() + 1);
    label.ifPresent(said -> progress.setLabelled(progress.getLabelled() + 1));
    sent.add(
        producer.send(
            TaughtLabels.record(
                share.collectionId(), record.key(), event.getSource(), label, Instant.now())));
  }

  private static float[] values(Embedded embedded) {
    float[] values = new float[embedded.getEmbeddingCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = embedded.getEmbedding(i);
    }
    return values;
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
    Map<String, Object> config = new HashMap<>(broker.clientSettings());
    config.put(ConsumerConfig.CLIENT_ID_CONFIG, "lookalike-embed-existing");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 4 << 20);
    return config;
  }

  private Map<String, Object> producerSettings() {
    Map<String, Object> config = new HashMap<>(broker.clientSettings());
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

  @PreDestroy
  synchronized void close() {
    closed = true;
    Thread working = thread;
    if (working != null) {
      working.interrupt();
    }
  }
}
