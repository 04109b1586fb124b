package dev.lookalike.embed.log;

import dev.lookalike.embed.builds.ServedBuild;
import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.stage.EmbedOutcome;
import dev.lookalike.embed.stage.EmbedStage;
import dev.lookalike.embed.stage.FailedShare;
import dev.lookalike.embed.stage.ImageRecord;
import dev.lookalike.embed.teaching.Share;
import dev.lookalike.embed.teaching.Taught;
import dev.lookalike.embed.teaching.TaughtCollections;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Consumes the images of one collection and produces the outcomes of one build, exactly once: each
 * poll is one transaction of outcomes, of what the collection's classifier says of them, and of
 * offsets.
 *
 * <p>One thread owns both clients. Whatever goes wrong between them ends in the same way: both are
 * closed without a commit and opened again, the new producer ends the open transaction, and the new
 * consumer begins at the committed offsets. So no error leaves a partition stuck, and none
 * publishes an outcome twice to readers of committed records.
 */
final class Pipeline {
  private static final Logger LOG = Logger.getLogger(Pipeline.class);
  private static final String NOT_JOINED = "it has not joined its group yet";
  private static final Duration POLL = Duration.ofMillis(500);

  /** Between two looks whether the classifier of the collection is read. */
  private static final Duration LOOK = Duration.ofMillis(20);

  private final ServedBuild served;
  private final StreamClients clients;
  private final OutcomeRecords outcomeRecords;
  private final EmbedMetrics metrics;
  private final TaughtCollections taughtCollections;
  private final EmbedStage stage;
  private final FailedShare failedShare;
  private final Thread thread;
  private volatile boolean stopped;
  private volatile long lag;

  /** Partitions, and by which record of the classifiers' topic images are labelled from now on. */
  private volatile Set<Integer> partitions = Set.of();

  private volatile long taughtBy = -1;
  private volatile Optional<String> trouble = Optional.of(NOT_JOINED);
  private volatile @Nullable KafkaConsumer<byte[], byte[]> consumer;

  /** The pipeline must stop: going on would reject images for a fault that is not theirs. */
  private static final class HaltedException extends Exception {
    private static final long serialVersionUID = 1L;

    HaltedException(String reason) {
      super(reason);
    }
  }

  Pipeline(
      ServedBuild served,
      StreamClients clients,
      EmbedStage stage,
      FailedShare failedShare,
      EmbedMetrics metrics,
      TaughtCollections taughtCollections) {
    this.served = served;
    this.clients = clients;
    this.outcomeRecords = OutcomeRecords.of(served);
    this.stage = stage;
    this.failedShare = failedShare;
    this.metrics = metrics;
    this.taughtCollections = taughtCollections;
    this.thread =
        Thread.ofPlatform()
            .name("pipeline-" + served.collection().getName())
            .daemon()
            .unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  ServedBuild served() {
    return served;
  }

  /** Why nothing is embedded now; empty when all is well. */
  Optional<String> trouble() {
    return trouble;
  }

  /** Records without outcome in the partitions of this instance, as of the last poll. */
  long lag() {
    return lag;
  }

  /** What this pipeline works on, for the existing images. */
  Share share() {
    return new Share(served.collection().getId(), served.build(), partitions, taughtBy);
  }

  /** Asks to stop after the transaction that is going on. */
  void stop() {
    stopped = true;
    KafkaConsumer<byte[], byte[]> current = consumer;
    if (current != null) {
      current.wakeup();
    }
  }

  /** Waits for the end; interrupts what takes longer than {@code patience}. */
  void join(Duration patience) {
    try {
      if (!thread.join(patience)) {
        thread.interrupt();
        thread.join(Duration.ofSeconds(2));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    RestartPauses pauses = new RestartPauses();
    while (!stopped) {
      try {
        stream();
      } catch (WakeupException e) {
        LOG.debug("woken to stop");
      } catch (HaltedException e) {
        LOG.errorf("%s is halted: %s", name(), e.getMessage());
        trouble = Optional.of("halted: " + e.getMessage());
        return;
      } catch (InterruptedException | InterruptException e) {
        return;
      } catch (RuntimeException e) {
        metrics.restarted();
        Duration pause = pauses.after(trouble.isEmpty(), e instanceof FencedInstanceIdException);
        trouble = Optional.of(said(e));
        LOG.warnf(e instanceof KafkaException ? null : e, "%s begins again: %s", name(), said(e));
        if (!sleep(pause)) {
          return;
        }
      } catch (Error e) {
        trouble = Optional.of("its thread ended: " + e);
        throw e;
      }
    }
  }

  /** Kafka does not always say whose permission is missing. */
  private String said(RuntimeException e) {
    return e instanceof AuthorizationException
        ? e.getMessage() + " " + clients.permissions()
        : e.toString();
  }

  private boolean sleep(Duration pause) {
    long end = System.nanoTime() + pause.toNanos();
    try {
      while (!stopped && System.nanoTime() < end) {
        Thread.sleep(100);
      }
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  private String name() {
    return "collection %s, build %s"
        .formatted(served.collection().getName(), served.build().getId());
  }

  private void stream() throws HaltedException, InterruptedException {
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            clients.producer(), new ByteArraySerializer(), new ByteArraySerializer());
    try {
      // Ends what a killed predecessor of this slot left open; committed offsets are final after
      // it.
      producer.initTransactions();
      trouble = Optional.of("the classifier of the collection is not read yet");
      while (!stopped && !taughtCollections.isKnown(served.collection().getId())) {
        Thread.sleep(LOOK);
      }
      trouble = Optional.of(NOT_JOINED);
      KafkaConsumer<byte[], byte[]> reading =
          new KafkaConsumer<>(
              clients.consumer(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
      consumer = reading;
      try {
        reading.subscribe(List.of(clients.images()));
        while (!stopped) {
          ConsumerRecords<byte[], byte[]> records = reading.poll(POLL);
          // Of one transaction all labels are by one classifier, and those after it by no older.
          // Asked after the wait: what came in since the classifier was there is labelled by it.
          Optional<Taught> taught = taughtCollections.of(served.collection().getId());
          taughtBy = taught.map(Taught::offset).orElse(-1L);
          partitions =
              reading.assignment().stream()
                  .map(TopicPartition::partition)
                  .collect(Collectors.toUnmodifiableSet());
          if (reading.groupMetadata().generationId() >= 0 && trouble.isPresent()) {
            trouble = Optional.empty();
            LOG.infof("%s is streaming on %s", name(), served.embedder().model().device());
          }
          if (!records.isEmpty()) {
            transact(
                records, taught.filter(each -> each.appliesTo(served.build())), reading, producer);
          }
          lag = lag(reading);
        }
      } finally {
        consumer = null;
        partitions = Set.of();
        reading.close(
            org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(2)));
      }
    } finally {
      producer.close(Duration.ofSeconds(1));
    }
  }

  private static long lag(KafkaConsumer<byte[], byte[]> reading) {
    long sum = 0;
    for (TopicPartition partition : reading.assignment()) {
      sum += reading.currentLag(partition).orElse(0);
    }
    return sum;
  }

  private void transact(
      ConsumerRecords<byte[], byte[]> records,
      Optional<Taught> taught,
      KafkaConsumer<byte[], byte[]> reading,
      KafkaProducer<byte[], byte[]> producer)
      throws HaltedException, InterruptedException {
    List<ImageRecord> images = OutcomeRecords.images(records);
    List<EmbedOutcome> outcomes = stage.embed(images);
    if (outcomes.size() != images.size()) {
      throw new IllegalStateException(outcomes.size() + " outcomes for " + images.size());
    }
    Optional<String> fault = failedShare.add(outcomes);
    if (fault.isPresent()) {
      throw new HaltedException(fault.get());
    }
    List<ProducerRecord<byte[], byte[]>> written =
        outcomeRecords.records(outcomes, taught, Instant.now(), metrics::taught);
    producer.beginTransaction();
    for (ProducerRecord<byte[], byte[]> record : written) {
      // What fails here fails the commit.
      var unused = producer.send(record);
    }
    producer.sendOffsetsToTransaction(records.nextOffsets(), reading.groupMetadata());
    producer.commitTransaction();
    outcomes.forEach(this::count);
  }

  private void count(EmbedOutcome outcome) {
    switch (outcome) {
      case EmbedOutcome.Embedded embedded -> metrics.outcome("embedded", "");
      case EmbedOutcome.Rejected rejected -> {
        metrics.outcome("rejected", rejected.reason().name());
        LOG.infof(
            "%s: %d.%d.%d is rejected: %s: %s",
            name(),
            served.collection().getGeneration(),
            rejected.position().partition(),
            rejected.position().offset(),
            rejected.reason(),
            rejected.detail());
      }
      case EmbedOutcome.Removed removed -> metrics.outcome("removed", removed.cause().name());
    }
  }
}
