package dev.lookalike.ingest.log;

import dev.lookalike.log.Topics;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.kafka.TopicNeeds;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The broker as a whole: whether it is there, and its topics. Asks in a thread of its own from
 * {@link #watch} on, and creates the registry topic as soon as it can. Thread-safe.
 */
@Singleton
public class Broker {
  private static final Logger LOG = Logger.getLogger(Broker.class);
  private static final Duration ANSWER = Duration.ofSeconds(3);
  private static final Duration RECONNECT_MAX = Duration.ofSeconds(1);

  /** Bytes of a record in a collection's topics, at most (docs/contracts.md). */
  static final int MAX_MESSAGE_BYTES = 2 << 20;

  private static final String SELF_CREATION = "auto.create.topics.enable";

  private final KafkaSettings settings;
  private volatile Optional<String> trouble = Optional.of("the broker was not asked yet");
  private volatile boolean closed;
  private @Nullable Admin admin;
  private @Nullable Thread watcher;

  public Broker(KafkaSettings settings) {
    this.settings = settings;
  }

  /** Settings that every client of the broker shares. */
  public Map<String, Object> clientSettings() {
    Map<String, Object> common = settings.forClient();
    common.put(AdminClientConfig.RECONNECT_BACKOFF_MS_CONFIG, 50L);
    common.put(AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, RECONNECT_MAX.toMillis());
    common.put(AdminClientConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    // "rebootstrap" finds a broker that came back at the same address with another id.
    common.put(AdminClientConfig.METADATA_RECOVERY_STRATEGY_CONFIG, "rebootstrap");
    return common;
  }

  /**
   * Starts asking; once.
   *
   * @param whenThere called by the watching thread after each answer of the broker; what it throws
   *     is trouble until the next answer
   */
  public void watch(Runnable whenThere) {
    watcher = Thread.ofPlatform().name("broker-watch").daemon().start(() -> keepAsking(whenThere));
  }

  /** Why the broker cannot be used; empty when it can. */
  public Optional<String> trouble() {
    return trouble;
  }

  private void keepAsking(Runnable whenThere) {
    while (!closed) {
      Optional<String> now = ask(whenThere);
      if (!now.equals(trouble)) {
        now.ifPresentOrElse(
            reason -> LOG.warnf("broker %s: %s", settings.bootstrapServers(), reason),
            () -> LOG.infof("broker %s is there", settings.bootstrapServers()));
        trouble = now;
      }
      try {
        Thread.sleep(now.isPresent() ? Duration.ofMillis(100) : settings.probeEvery());
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private Optional<String> ask(Runnable whenThere) {
    try {
      await(admin().describeCluster().clusterId());
      whenThere.run();
      return Optional.empty();
    } catch (RefusedException e) {
      return Optional.of(e.detail());
    } catch (AuthenticationException | AuthorizationException e) {
      return Optional.of(
          "the broker refuses this service: %s (docs/kafka.md lists what it needs)"
              .formatted(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.debug("broker watch", e);
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** Whether topics that are missing are created. */
  public boolean createsTopics() {
    return settings.createTopics();
  }

  /** Creates the registry topic unless it is there; tells why it cannot be used. */
  public Optional<String> provideRegistryTopic() {
    return provide(needs(Topics.COLLECTIONS, 1, 0));
  }

  /** The same for the images and annotations topics of a collection. */
  public Optional<String> provideTopics(String collectionId, int partitions) {
    List<String> problems = new ArrayList<>();
    for (String name : List.of(Topics.images(collectionId), Topics.annotations(collectionId))) {
      provide(needs(name, partitions, MAX_MESSAGE_BYTES)).ifPresent(problems::add);
    }
    return problems.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", problems));
  }

  /** The same for the classifiers' topic of a collection. */
  public Optional<String> provideClassifiersTopic(String collectionId, int maxMessageBytes) {
    return provide(needs(Topics.classifiers(collectionId), 1, maxMessageBytes));
  }

  private TopicNeeds needs(String topic, int partitions, int recordBytes) {
    return new TopicNeeds(
        topic,
        partitions,
        recordBytes,
        settings.replicationFactor(),
        settings.minInsyncReplicas(),
        Set.of(AclOperation.READ, AclOperation.WRITE));
  }

  private Optional<String> provide(TopicNeeds needs) {
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

  /**
   * Warns of a broker that creates topics when they are written to: it would bring back those of a
   * deleted collection.
   */
  public void warnOfTopicsMadeByItself() {
    try {
      String id = await(admin().describeCluster().nodes()).iterator().next().idString();
      ConfigResource asked = new ConfigResource(ConfigResource.Type.BROKER, id);
      ConfigEntry entry =
          await(admin().describeConfigs(List.of(asked)).all())
              .values()
              .iterator()
              .next()
              .get(SELF_CREATION);
      if (entry != null && Boolean.parseBoolean(entry.value())) {
        LOG.warnf("the broker has %s=true: set it to false", SELF_CREATION);
      }
    } catch (KafkaException e) {
      LOG.debugf("the broker does not tell %s: %s", SELF_CREATION, e.getMessage());
    }
  }

  /** Names of all topics. */
  public Set<String> topics() {
    return await(admin().listTopics().names());
  }

  /** Deletes a topic with all its records; does nothing when there is none. */
  public void deleteTopic(String name) {
    try {
      await(admin().deleteTopics(List.of(name)).all());
    } catch (UnknownTopicOrPartitionException e) {
      LOG.debugf("%s was deleted meanwhile", name);
    }
  }

  private synchronized Admin admin() {
    if (admin == null) {
      Map<String, Object> config = clientSettings();
      config.put(AdminClientConfig.CLIENT_ID_CONFIG, "lookalike-ingest-admin");
      config.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) ANSWER.toMillis());
      config.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) ANSWER.toMillis());
      admin = Admin.create(config);
    }
    return admin;
  }

  /**
   * @throws RefusedException BROKER_UNAVAILABLE when there is no answer in time
   */
  private static <T> T await(KafkaFuture<T> answer) {
    try {
      return answer.get(ANSWER.toMillis() + 500, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof org.apache.kafka.common.errors.TimeoutException) {
        throw unavailable();
      }
      if (e.getCause() instanceof KafkaException kafka) {
        throw kafka;
      }
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw unavailable();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable();
    }
  }

  static RefusedException unavailable() {
    return new RefusedException(
        ErrorCode.BROKER_UNAVAILABLE, "the broker did not answer in time; nothing was accepted");
  }

  @PreDestroy
  void close() {
    closed = true;
    Thread thread = watcher;
    if (thread != null) {
      thread.interrupt();
    }
    synchronized (this) {
      if (admin != null) {
        admin.close(Duration.ofSeconds(1));
      }
    }
  }
}
