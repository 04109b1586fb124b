package dev.lookalike.embed.log;

import dev.lookalike.log.Topics;
import dev.lookalike.service.kafka.KafkaAdmin;
import dev.lookalike.service.kafka.TopicProvisioning;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;

/** What is asked of the broker beside reading and writing records. Thread-safe. */
@Singleton
public class Broker {
  /**
   * Bytes of an outcome, at most: those of an images record (docs/contracts.md), whose attributes
   * it repeats, and 64 KiB for embedding and labels, so that no accepted image has an outcome that
   * cannot be written.
   */
  public static final int MAX_OUTCOME_BYTES = (2 << 20) + (64 << 10);

  private final KafkaSettings settings;
  private final KafkaAdmin admin;
  private final TopicProvisioning provisioning;

  public Broker(KafkaSettings settings) {
    this.settings = settings;
    this.admin = new KafkaAdmin(settings, "lookalike-embed-admin");
    this.provisioning = new TopicProvisioning(admin, settings);
  }

  /** Settings that every client of the broker shares. */
  public Map<String, Object> clientSettings() {
    return settings.forClient();
  }

  /**
   * Returns when the broker answers.
   *
   * @throws KafkaException when it does not in time
   */
  void probe() {
    admin.probe();
  }

  /**
   * Why the images of a collection cannot be read; empty when they can, also when their topic is
   * not there yet.
   */
  Optional<String> imagesTopicProblem(String collectionId, int partitions) {
    return provisioning.problemOfReading(Topics.images(collectionId), partitions);
  }

  /** Creates the embeddings topic of a build unless it is there; tells why it cannot be used. */
  Optional<String> provideEmbeddingsTopic(String collectionId, String buildId, int partitions) {
    return provisioning.provide(
        Topics.embeddings(collectionId, buildId),
        partitions,
        MAX_OUTCOME_BYTES,
        Set.of(AclOperation.WRITE));
  }

  /** The offset after the newest record of a partition, those of open transactions included. */
  public long end(TopicPartition place) {
    return admin.end(place);
  }

  /** Names of all topics. */
  public Set<String> topics() {
    return admin.topics();
  }

  /** Deletes a topic with all its records; does nothing when there is none. */
  void deleteTopic(String name) {
    admin.deleteTopic(name);
  }

  /** Ids of all consumer groups. */
  Set<String> groups() {
    return admin.groups();
  }

  /**
   * Deletes a consumer group; does nothing when there is none.
   *
   * @throws KafkaException where a member joins again meanwhile
   */
  void deleteGroup(String group) {
    admin.deleteGroup(group);
  }

  @PreDestroy
  void close() {
    admin.close();
  }
}
