package dev.lookalike.service.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Administrative calls to the broker. Each call ends within {@link #ANSWER}: with an answer or a
 * KafkaException; TimeoutException means that there was no answer. Connects with the first call.
 * Thread-safe.
 */
public final class KafkaAdmin implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(KafkaAdmin.class);

  /** Longest wait for an answer. */
  public static final Duration ANSWER = Duration.ofSeconds(3);

  /** Extra time for the client itself to give up after {@link #ANSWER}. */
  private static final Duration GRACE = Duration.ofMillis(500);

  private final ClientSettings settings;
  private final String clientId;
  private @Nullable Admin admin;

  /**
   * @param clientId name of this client in the broker's logs and quotas
   */
  public KafkaAdmin(ClientSettings settings, String clientId) {
    this.settings = settings;
    this.clientId = clientId;
  }

  /** Returns once the broker answers. */
  public void probe() {
    await(admin().describeCluster().clusterId());
  }

  /** Names of all topics. */
  public Set<String> topics() {
    return await(admin().listTopics().names());
  }

  /** A topic with the operations allowed on it; empty if there is none. */
  Optional<TopicDescription> describe(String topic) {
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

  Config configOf(String topic) {
    return config(new ConfigResource(ConfigResource.Type.TOPIC, topic));
  }

  /** The configuration of one of the brokers. */
  Config configOfABroker() {
    String id = await(admin().describeCluster().nodes()).iterator().next().idString();
    return config(new ConfigResource(ConfigResource.Type.BROKER, id));
  }

  private Config config(ConfigResource of) {
    return await(admin().describeConfigs(List.of(of)).all()).values().iterator().next();
  }

  /** Creates a topic; does nothing if it exists. */
  void create(TopicNeeds needs) {
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
      LOG.debugf("%s was created in the meantime", needs.topic());
    }
  }

  /** Deletes a topic with all its records; does nothing if there is none. */
  public void deleteTopic(String name) {
    try {
      await(admin().deleteTopics(List.of(name)).all());
    } catch (UnknownTopicOrPartitionException e) {
      LOG.debugf("%s was deleted in the meantime", name);
    }
  }

  /** The offset after the newest record of a partition, including records of open transactions. */
  public long end(TopicPartition place) {
    return await(
            admin()
                .listOffsets(
                    Map.of(place, OffsetSpec.latest()),
                    new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED))
                .partitionResult(place))
        .offset();
  }

  /** The offset after the newest record of each partition of a topic. */
  public Map<Integer, Long> ends(String topic, int partitions) {
    Map<TopicPartition, OffsetSpec> wanted =
        IntStream.range(0, partitions)
            .mapToObj(partition -> new TopicPartition(topic, partition))
            .collect(Collectors.toMap(Function.identity(), partition -> OffsetSpec.latest()));
    return await(admin().listOffsets(wanted).all()).entrySet().stream()
        .collect(Collectors.toMap(end -> end.getKey().partition(), end -> end.getValue().offset()));
  }

  /** Ids of all consumer groups. */
  public Set<String> groups() {
    return await(admin().listGroups().all()).stream()
        .map(GroupListing::groupId)
        .collect(Collectors.toSet());
  }

  /**
   * Deletes a consumer group; does nothing if there is none. Removes its members first: they are
   * static, so the broker would keep them until their sessions end.
   *
   * @throws KafkaException if a member joins again in the meantime
   */
  public void deleteGroup(String group) {
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
      LOG.debugf("%s was deleted in the meantime", group);
    }
  }

  private synchronized Admin admin() {
    if (admin == null) {
      Map<String, Object> config = new HashMap<>(settings.forClient());
      config.put(AdminClientConfig.CLIENT_ID_CONFIG, clientId);
      config.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) ANSWER.toMillis());
      config.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) ANSWER.toMillis());
      admin = Admin.create(config);
    }
    return admin;
  }

  private static <T> T await(KafkaFuture<T> answer) {
    try {
      return answer.get(ANSWER.plus(GRACE).toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KafkaException kafka) {
        throw kafka;
      }
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new org.apache.kafka.common.errors.TimeoutException("the broker does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    }
  }

  @Override
  public synchronized void close() {
    if (admin != null) {
      admin.close(Duration.ofSeconds(1));
    }
  }
}
