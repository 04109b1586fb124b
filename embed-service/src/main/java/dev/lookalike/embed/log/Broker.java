package dev.lookalike.embed.log;

import dev.lookalike.log.Topics;
import dev.lookalike.service.kafka.TopicNeeds;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** What is asked of the broker beside reading and writing records. Thread-safe. */
@Singleton
public class Broker {
  private static final Logger LOG = Logger.getLogger(Broker.class);
  private static final Duration ANSWER = Duration.ofSeconds(3);

  /**
   * Bytes of an outcome, at most: those of an images record (docs/contracts.md), whose attributes
   * it repeats, and 64 KiB for embedding and labels, so that no accepted image has an outcome that
   * cannot be written.
   */
  public static final int MAX_OUTCOME_BYTES = (2 << 20) + (64 << 10);

  private final KafkaSettings settings;
  private @Nullable Admin admin;

  public Broker(KafkaSettings settings) {
    this.settings = settings;
  }

  /** Settings that every client of the broker shares. */
  public Map<String, Object> clientSettings() {
    Map<String, Object> common = settings.forClient();
    common.put(AdminClientConfig.RECONNECT_BACKOFF_MS_CONFIG, 50L);
    common.put(AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1000L);
    common.put(AdminClientConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    // "rebootstrap" finds a broker that came back at the same address with another id.
    common.put(AdminClientConfig.METADATA_RECOVERY_STRATEGY_CONFIG, "rebootstrap");
    return common;
  }

  /**
   * Returns when the broker answers.
   *
   * @throws KafkaException when it does not in time
   */
  void probe() {
    await(admin().describeCluster().clusterId());
  }

  /**
   * Why the images of a collection cannot be read; empty when they can, also when their topic is
   * not there yet.
   */
  Optional<String> imagesTopicProblem(String collectionId, int partitions) {
    String name = Topics.images(collectionId);
    Optional<TopicDescription> found = describe(name);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    // Whoever owns it looks at the rest.
    int there = found.get().partitions().size();
    if (there != partitions) {
      return Optional.of(
          "topic %s: expected %d partitions as the registry says, found %d"
              .formatted(name, partitions, there));
    }
    Set<AclOperation> allowed = found.get().authorizedOperations();
    return allowed == null || allowed.contains(AclOperation.READ)
        ? Optional.empty()
        : Optional.of("topic %s does not let this service READ".formatted(name));
  }

  /** Creates the embeddings topic of a build unless it is there; tells why it cannot be used. */
  Optional<String> provideEmbeddingsTopic(String collectionId, String buildId, int partitions) {
    TopicNeeds needs =
        new TopicNeeds(
            Topics.embeddings(collectionId, buildId),
            partitions,
            MAX_OUTCOME_BYTES,
            settings.replicationFactor(),
            settings.minInsyncReplicas(),
            Set.of(AclOperation.WRITE));
    Optional<TopicDescription> found = describe(needs.topic());
    if (found.isEmpty()) {
      if (!settings.createTopics()) {
        return Optional.of(needs.missing(settings.bootstrapServers()));
      }
      create(needs);
      return Optional.empty();
    }
    ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, needs.topic());
    Config configured =
        await(admin().describeConfigs(List.of(topic)).all()).values().iterator().next();
    List<String> unmet = needs.unmet(found.get(), configured, settings.bootstrapServers());
    return unmet.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", unmet));
  }

  private void create(TopicNeeds needs) {
    Optional<Short> replicas =
        needs.replicationFactor() == 0
            ? Optional.empty()
            : Optional.of((short) needs.replicationFactor());
    try {
      await(
          admin()
              .createTopics(
                  List.of(
                      new NewTopic(needs.topic(), Optional.of(needs.partitions()), replicas)
                          .configs(needs.configs())))
              .all());
    } catch (TopicExistsException e) {
      LOG.debugf("%s was created meanwhile", needs.topic());
    }
  }

  private Optional<TopicDescription> describe(String topic) {
    try {
      return await(
              admin()
                  .describeTopics(
                      List.of(topic), new DescribeTopicsOptions().includeAuthorizedOperations(true))
                  .allTopicNames())
          .values()
          .stream()
          .findFirst();
    } catch (UnknownTopicOrPartitionException e) {
      return Optional.empty();
    }
  }

  /** The offset after the newest record of a partition, those of open transactions included. */
  public long end(TopicPartition place) {
    return await(
            admin()
                .listOffsets(
                    Map.of(place, OffsetSpec.latest()),
                    new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED))
                .partitionResult(place))
        .offset();
  }

  /** Names of all topics. */
  public Set<String> topics() {
    return await(admin().listTopics().names());
  }

  /** Deletes a topic with all its records; does nothing when there is none. */
  void deleteTopic(String name) {
    try {
      await(admin().deleteTopics(List.of(name)).all());
    } catch (UnknownTopicOrPartitionException e) {
      LOG.debugf("%s was deleted meanwhile", name);
    }
  }

  /** Ids of all consumer groups. */
  Set<String> groups() {
    return await(admin().listGroups().all()).stream()
        .map(GroupListing::groupId)
        .collect(Collectors.toSet());
  }

  /**
   * Deletes a consumer group; does nothing when there is none. Its members are sent away first:
   * they are static, so the broker would believe in them until their sessions end.
   *
   * @throws KafkaException where a member joins again meanwhile
   */
  void deleteGroup(String group) {
    try {
      if (!await(admin().describeConsumerGroups(List.of(group)).all())
          .values()
          .iterator()
          .next()
          .members()
          .isEmpty()) {
        await(
            admin()
                .removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
                .all());
      }
      await(admin().deleteConsumerGroups(List.of(group)).all());
    } catch (GroupIdNotFoundException e) {
      LOG.debugf("%s was deleted meanwhile", group);
    }
  }

  private synchronized Admin admin() {
    if (admin == null) {
      Map<String, Object> config = clientSettings();
      config.put(AdminClientConfig.CLIENT_ID_CONFIG, "lookalike-embed-admin");
      config.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) ANSWER.toMillis());
      config.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) ANSWER.toMillis());
      admin = Admin.create(config);
    }
    return admin;
  }

  private static <T> T await(KafkaFuture<T> answer) {
    try {
      return answer.get(ANSWER.toMillis() + 500, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KafkaException kafka) {
        throw kafka;
      }
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new org.apache.kafka.common.errors.TimeoutException("the broker does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new org.apache.kafka.common.errors.InterruptException(e);
    }
  }

  @PreDestroy
  synchronized void close() {
    if (admin != null) {
      admin.close(Duration.ofSeconds(1));
    }
  }
}
