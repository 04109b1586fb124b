package dev.lookalike.embed.binding;

import dev.lookalike.log.Topics;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.HashMap;
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
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
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
    Map<String, Object> common = new HashMap<>();
    common.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrapServers());
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

  /** Number of partitions of a topic; empty when there is no such topic. */
  Optional<Integer> partitions(String topic) {
    try {
      return await(admin().describeTopics(List.of(topic)).allTopicNames()).values().stream()
          .findFirst()
          .map(description -> description.partitions().size());
    } catch (UnknownTopicOrPartitionException e) {
      return Optional.empty();
    }
  }

  /** Creates the embeddings topic of a build unless it is there; returns its partitions. */
  int createEmbeddingsTopic(String collectionId, String buildId, int partitions) {
    String name = Topics.embeddings(collectionId, buildId);
    Optional<Integer> there = partitions(name);
    if (there.isPresent()) {
      return there.get();
    }
    NewTopic topic =
        new NewTopic(name, Optional.of(partitions), Optional.empty())
            .configs(
                Map.of(
                    "cleanup.policy",
                    "compact",
                    "max.message.bytes",
                    Integer.toString(MAX_OUTCOME_BYTES)));
    try {
      await(admin().createTopics(List.of(topic)).all());
      return partitions;
    } catch (TopicExistsException e) {
      return partitions(name).orElse(partitions);
    }
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
