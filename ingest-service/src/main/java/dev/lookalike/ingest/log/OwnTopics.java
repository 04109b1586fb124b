package dev.lookalike.ingest.log;

import dev.lookalike.ingest.collections.CollectionTopics;
import dev.lookalike.log.Topics;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.kafka.KafkaAdmin;
import dev.lookalike.service.kafka.TopicProvisioning;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.TimeoutException;
import org.jboss.logging.Logger;

/**
 * The topics of the registry, images, annotations and classifiers, on the broker. A KafkaException
 * says that the broker refuses. Thread-safe.
 */
public final class OwnTopics implements CollectionTopics {
  private static final Logger LOG = Logger.getLogger(OwnTopics.class);

  /** Bytes of a record in a collection's topics, at most (docs/contracts.md). */
  static final int MAX_RECORD_BYTES = 2 << 20;

  private static final Set<AclOperation> OPERATIONS = Set.of(AclOperation.READ, AclOperation.WRITE);

  private final KafkaAdmin admin;
  private final TopicProvisioning provisioning;

  public OwnTopics(KafkaAdmin admin, KafkaSettings settings) {
    this.admin = admin;
    this.provisioning = new TopicProvisioning(admin, settings);
  }

  @Override
  public boolean createdHere() {
    return provisioning.createsTopics();
  }

  @Override
  public Optional<String> provideRegistry() {
    return provide(Topics.COLLECTIONS, 1, 0);
  }

  @Override
  public Optional<String> provide(String collectionId, int partitions) {
    List<String> problems = new ArrayList<>();
    for (String topic : List.of(Topics.images(collectionId), Topics.annotations(collectionId))) {
      provide(topic, partitions, MAX_RECORD_BYTES).ifPresent(problems::add);
    }
    return problems.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", problems));
  }

  @Override
  public Optional<String> provideClassifiers(String collectionId, int maxRecordBytes) {
    return provide(Topics.classifiers(collectionId), 1, maxRecordBytes);
  }

  private Optional<String> provide(String topic, int partitions, int recordBytes) {
    return answered(() -> provisioning.provide(topic, partitions, recordBytes, OPERATIONS));
  }

  @Override
  public void warnOfTopicsMadeByTheBroker() {
    provisioning.warnOfTopicsMadeByTheBroker();
  }

  @Override
  public Set<String> names() {
    return answered(admin::topics);
  }

  @Override
  public boolean delete(String topic) {
    return answered(
        () -> {
          try {
            admin.deleteTopic(topic);
            LOG.infof("deleted topic %s", topic);
            return true;
          } catch (TimeoutException e) {
            throw e;
          } catch (KafkaException e) {
            LOG.warnf(
                "cannot delete topic %s of a deleted collection yet: %s", topic, e.getMessage());
            return false;
          }
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
}
