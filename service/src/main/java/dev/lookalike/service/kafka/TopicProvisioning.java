package dev.lookalike.service.kafka;

import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.acl.AclOperation;
import org.jboss.logging.Logger;

/** Creates the topics that a service owns, if allowed, and checks existing ones. */
public final class TopicProvisioning {
  private static final Logger LOG = Logger.getLogger(TopicProvisioning.class);
  private static final String SELF_CREATION = "auto.create.topics.enable";

  private final KafkaAdmin admin;
  private final TopicSettings settings;

  public TopicProvisioning(KafkaAdmin admin, TopicSettings settings) {
    this.admin = admin;
    this.settings = settings;
  }

  /**
   * Creates a topic if it is missing; otherwise checks it.
   *
   * @param recordBytes largest number of bytes of a record; 0: the broker's limit
   * @param operations what the service does with the topic
   * @return why the topic cannot be used, with the commands that fix it; empty if it can
   * @throws KafkaException if the broker does not answer or refuses the call
   */
  public Optional<String> provide(
      String topic, int partitions, int recordBytes, Set<AclOperation> operations) {
    TopicNeeds needs =
        new TopicNeeds(
            topic,
            partitions,
            recordBytes,
            settings.replicationFactor(),
            settings.minInsyncReplicas(),
            operations);
    Optional<TopicDescription> found = admin.describe(topic);
    if (found.isEmpty()) {
      if (!settings.createTopics()) {
        return Optional.of(needs.missing(settings.bootstrapServers()));
      }
      admin.create(needs);
      return Optional.empty();
    }
    return sentences(needs.unmet(found.get(), admin.configOf(topic), settings.bootstrapServers()));
  }

  /**
   * Checks a topic that belongs to another service, as far as reading it is concerned.
   *
   * @return why it cannot be read; empty if it can, or does not exist yet
   * @throws KafkaException if the broker does not answer or refuses the call
   */
  public Optional<String> problemOfReading(String topic, int partitions) {
    Optional<TopicDescription> found = admin.describe(topic);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    int there = found.get().partitions().size();
    if (there != partitions) {
      return Optional.of(
          "topic %s: the registry says %d partitions, but it has %d"
              .formatted(topic, partitions, there));
    }
    Set<AclOperation> allowed = found.get().authorizedOperations();
    return allowed == null || allowed.contains(AclOperation.READ)
        ? Optional.empty()
        : Optional.of("topic %s does not allow this service to READ".formatted(topic));
  }

  private static Optional<String> sentences(java.util.List<String> unmet) {
    return unmet.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", unmet));
  }

  /** Whether missing topics are created. */
  public boolean createsTopics() {
    return settings.createTopics();
  }

  /**
   * Warns if the broker creates topics when they are written to: it would recreate the topics of a
   * deleted collection.
   */
  public void warnOfTopicsMadeByTheBroker() {
    try {
      ConfigEntry entry = admin.configOfABroker().get(SELF_CREATION);
      if (entry != null && Boolean.parseBoolean(entry.value())) {
        LOG.warnf("the broker has %s=true: set it to false", SELF_CREATION);
      }
    } catch (KafkaException e) {
      LOG.debugf("the broker does not report %s: %s", SELF_CREATION, e.getMessage());
    }
  }
}
