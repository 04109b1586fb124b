package dev.lookalike.service.kafka;

import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.acl.AclOperation;
import org.jboss.logging.Logger;

/** Creates the topics that a service owns, where it may, and checks those that are there. */
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
   * Creates a topic unless it is there.
   *
   * @param recordBytes bytes of a record, at most; 0: whatever the broker takes
   * @param operations what the service does with it
   * @return why the topic cannot be used, with the commands that mend it; empty: it can
   * @throws KafkaException if the broker does not answer, or refuses
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
   * Checks a topic of another service, which looks after the rest of what it must be.
   *
   * @return why it cannot be read; empty: it can, or it is not there yet
   * @throws KafkaException if the broker does not answer, or refuses
   */
  public Optional<String> problemOfReading(String topic, int partitions) {
    Optional<TopicDescription> found = admin.describe(topic);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    int there = found.get().partitions().size();
    if (there != partitions) {
      return Optional.of(
          "topic %s: expected %d partitions as the registry says, found %d"
              .formatted(topic, partitions, there));
    }
    Set<AclOperation> allowed = found.get().authorizedOperations();
    return allowed == null || allowed.contains(AclOperation.READ)
        ? Optional.empty()
        : Optional.of("topic %s does not let this service READ".formatted(topic));
  }

  private static Optional<String> sentences(java.util.List<String> unmet) {
    return unmet.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", unmet));
  }

  /** Whether topics that are missing are created. */
  public boolean createsTopics() {
    return settings.createTopics();
  }

  /**
   * Warns of a broker that creates topics when they are written to: it would bring back those of a
   * deleted collection.
   */
  public void warnOfTopicsMadeByTheBroker() {
    try {
      ConfigEntry entry = admin.configOfABroker().get(SELF_CREATION);
      if (entry != null && Boolean.parseBoolean(entry.value())) {
        LOG.warnf("the broker has %s=true: set it to false", SELF_CREATION);
      }
    } catch (KafkaException e) {
      LOG.debugf("the broker does not tell %s: %s", SELF_CREATION, e.getMessage());
    }
  }
}
