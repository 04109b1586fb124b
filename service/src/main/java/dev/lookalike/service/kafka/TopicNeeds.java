package dev.lookalike.service.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.TopicConfig;

/**
 * What a service requires of a topic: a missing topic is created like this, and an existing one is
 * checked against it. Each unmet requirement is reported with the command that fixes it.
 *
 * @param partitions as in the registry
 * @param recordBytes largest number of bytes of a record; 0: the broker's limit
 * @param replicationFactor least number of copies of each partition; 0: the broker's default
 * @param minInsyncReplicas least number of copies that must have a record before it is
 *     acknowledged; 0: the broker's default
 * @param operations what the service does with the topic
 */
public record TopicNeeds(
    String topic,
    int partitions,
    int recordBytes,
    int replicationFactor,
    int minInsyncReplicas,
    Set<AclOperation> operations) {

  private static final String COMPACT = TopicConfig.CLEANUP_POLICY_COMPACT;

  public TopicNeeds {
    operations = Set.copyOf(operations);
  }

  /** Topic configuration that differs from the broker's, under Kafka's names. */
  public Map<String, String> configs() {
    Map<String, String> configs = new TreeMap<>();
    // Keeps the newest record of each key for ever: deletion by age or size would lose images.
    configs.put(TopicConfig.CLEANUP_POLICY_CONFIG, COMPACT);
    if (recordBytes > 0) {
      configs.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(recordBytes));
    }
    if (minInsyncReplicas > 0) {
      configs.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, Integer.toString(minInsyncReplicas));
    }
    return configs;
  }

  /** Says that the topic is missing, with the command that creates it. */
  public String missing(String bootstrapServers) {
    StringBuilder command =
        new StringBuilder(topics(bootstrapServers, "--create --partitions " + partitions));
    if (replicationFactor > 0) {
      command.append(" --replication-factor ").append(replicationFactor);
    }
    configs().forEach((key, value) -> command.append(" --config ").append(key + "=" + value));
    return "topic %s does not exist, and lookalike.kafka.create-topics is false: %s"
        .formatted(topic, command);
  }

  /**
   * The requirements that the topic does not meet, each as a sentence with its command; empty if it
   * meets all.
   *
   * @param found with the allowed operations, if the broker reports them
   */
  public List<String> unmet(TopicDescription found, Config configured, String bootstrapServers) {
    List<String> unmet = new ArrayList<>();
    int there = found.partitions().size();
    if (there != partitions) {
      unmet.add(
          "has %d partitions, but the registry says %d: %s"
              .formatted(
                  there,
                  partitions,
                  there < partitions
                      ? topics(bootstrapServers, "--alter --partitions " + partitions)
                      : "if it is empty: " + topics(bootstrapServers, "--delete")));
    }
    String cleanup = value(configured, TopicConfig.CLEANUP_POLICY_CONFIG);
    if (!cleanup.equals(COMPACT)) {
      unmet.add(
          "loses records because of %s=%s: %s"
              .formatted(
                  TopicConfig.CLEANUP_POLICY_CONFIG,
                  cleanup,
                  configs(bootstrapServers, TopicConfig.CLEANUP_POLICY_CONFIG, COMPACT)));
    }
    String bytes = value(configured, TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
    if (Integer.parseInt(bytes) < recordBytes) {
      unmet.add(
          "accepts records of up to %s bytes, not %d: %s"
              .formatted(
                  bytes,
                  recordBytes,
                  configs(
                      bootstrapServers,
                      TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                      Integer.toString(recordBytes))));
    }
    int replicas = replicas(found);
    if (replicas < replicationFactor) {
      unmet.add(
          "has %d replicas, not %d: kafka-reassign-partitions.sh --bootstrap-server %s --execute with the file that docs/kafka.md shows"
              .formatted(replicas, replicationFactor, bootstrapServers));
    }
    int insync = Integer.parseInt(value(configured, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG));
    if (insync < minInsyncReplicas || insync > replicas) {
      unmet.add(
          "has %s=%d with %d replicas: %s"
              .formatted(
                  TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG,
                  insync,
                  replicas,
                  configs(
                      bootstrapServers,
                      TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG,
                      Integer.toString(Math.max(1, minInsyncReplicas)))));
    }
    Set<AclOperation> allowed = found.authorizedOperations();
    if (allowed != null && !allowed.containsAll(operations)) {
      Set<AclOperation> refused = new TreeSet<>(operations);
      refused.removeAll(allowed);
      StringBuilder command =
          new StringBuilder(
              "kafka-acls.sh --bootstrap-server %s --add --allow-principal User:NAME --topic %s"
                  .formatted(bootstrapServers, topic));
      refused.forEach(operation -> command.append(" --operation ").append(operation));
      unmet.add("does not allow this service to %s: %s".formatted(words(refused), command));
    }
    return unmet.stream().map(each -> "topic " + topic + " " + each).toList();
  }

  private static String words(Set<AclOperation> operations) {
    return String.join(" and ", operations.stream().map(AclOperation::name).toList());
  }

  private static int replicas(TopicDescription found) {
    int least = Integer.MAX_VALUE;
    for (TopicPartitionInfo partition : found.partitions()) {
      least = Math.min(least, partition.replicas().size());
    }
    return least;
  }

  private static String value(Config configured, String key) {
    ConfigEntry entry = configured.get(key);
    if (entry == null || entry.value() == null) {
      throw new IllegalStateException("the broker does not report " + key);
    }
    return entry.value();
  }

  private String topics(String bootstrapServers, String rest) {
    return "kafka-topics.sh --bootstrap-server %s --topic %s %s"
        .formatted(bootstrapServers, topic, rest);
  }

  private String configs(String bootstrapServers, String key, String value) {
    return ("kafka-configs.sh --bootstrap-server %s --entity-type topics --entity-name %s --alter"
            + " --add-config %s=%s")
        .formatted(bootstrapServers, topic, key, value);
  }
}
