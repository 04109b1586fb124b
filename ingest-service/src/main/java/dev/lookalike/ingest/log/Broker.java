package dev.lookalike.ingest.log;

import dev.lookalike.log.Topics;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.kafka.BrokerWatch;
import dev.lookalike.service.kafka.KafkaAdmin;
import dev.lookalike.service.kafka.TopicProvisioning;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * The broker as this service sees it: whether it is there, and the topics that this service owns.
 * Asks in a thread of its own from {@link #watch} on. Thread-safe.
 */
@Singleton
public class Broker {
  /** Bytes of a record in a collection's topics, at most (docs/contracts.md). */
  static final int MAX_MESSAGE_BYTES = 2 << 20;

  private static final Set<AclOperation> OPERATIONS = Set.of(AclOperation.READ, AclOperation.WRITE);

  private final KafkaSettings settings;
  private final KafkaAdmin admin;
  private final TopicProvisioning provisioning;
  private final BrokerWatch watch;

  public Broker(KafkaSettings settings) {
    this.settings = settings;
    this.admin = new KafkaAdmin(settings, "lookalike-ingest-admin");
    this.provisioning = new TopicProvisioning(admin, settings);
    this.watch = new BrokerWatch(admin, settings, settings.probeEvery());
  }

  /** Settings that every client of the broker shares. */
  public Map<String, Object> clientSettings() {
    return settings.forClient();
  }

  /**
   * Starts asking; once.
   *
   * @param whenThere called by the watching thread after each answer of the broker; what it throws
   *     is trouble until the next answer
   */
  public void watch(Runnable whenThere) {
    watch.start(whenThere);
  }

  /** Why the broker cannot be used; empty when it can. */
  public Optional<String> trouble() {
    return watch.trouble();
  }

  /** Whether topics that are missing are created. */
  public boolean createsTopics() {
    return provisioning.createsTopics();
  }

  /**
   * Creates the registry topic unless it is there; tells why it cannot be used.
   *
   * @throws RefusedException BROKER_UNAVAILABLE
   */
  public Optional<String> provideRegistryTopic() {
    return provide(Topics.COLLECTIONS, 1, 0);
  }

  /** The same for the images and annotations topics of a collection. */
  public Optional<String> provideTopics(String collectionId, int partitions) {
    List<String> problems = new ArrayList<>();
    for (String name : List.of(Topics.images(collectionId), Topics.annotations(collectionId))) {
      provide(name, partitions, MAX_MESSAGE_BYTES).ifPresent(problems::add);
    }
    return problems.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", problems));
  }

  /** The same for the classifiers' topic of a collection. */
  public Optional<String> provideClassifiersTopic(String collectionId, int maxMessageBytes) {
    return provide(Topics.classifiers(collectionId), 1, maxMessageBytes);
  }

  private Optional<String> provide(String topic, int partitions, int recordBytes) {
    return answered(() -> provisioning.provide(topic, partitions, recordBytes, OPERATIONS));
  }

  /** Warns of a broker that would bring back the topics of a deleted collection. */
  public void warnOfTopicsMadeByItself() {
    provisioning.warnOfTopicsMadeByTheBroker();
  }

  /**
   * Names of all topics.
   *
   * @throws RefusedException BROKER_UNAVAILABLE
   */
  public Set<String> topics() {
    return answered(admin::topics);
  }

  /**
   * Deletes a topic with all its records; does nothing when there is none.
   *
   * @throws RefusedException BROKER_UNAVAILABLE
   */
  public void deleteTopic(String name) {
    answered(
        () -> {
          admin.deleteTopic(name);
          return name;
        });
  }

  private static <T> T answered(Supplier<T> question) {
    try {
      return question.get();
    } catch (TimeoutException e) {
      throw unavailable();
    }
  }

  static RefusedException unavailable() {
    return new RefusedException(
        ErrorCode.BROKER_UNAVAILABLE, "the broker did not answer in time; nothing was accepted");
  }

  @PreDestroy
  void close() {
    watch.close();
    admin.close();
  }
}
