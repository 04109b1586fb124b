package dev.lookalike.service.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AclOperation;
import org.junit.jupiter.api.Test;

class TopicNeedsTest {
  private static final TopicNeeds NEEDS =
      new TopicNeeds(
          "lookalike.images.c", 4, 2 << 20, 3, 2, Set.of(AclOperation.READ, AclOperation.WRITE));

  private static final Map<String, String> GOOD =
      Map.of(
          "cleanup.policy", "compact", "max.message.bytes", "2097152", "min.insync.replicas", "2");

  private static List<String> unmet(
      int partitions, int replicas, Map<String, String> changed, Set<AclOperation> allowed) {
    List<Node> nodes = new ArrayList<>();
    for (int id = 1; id <= replicas; id++) {
      nodes.add(new Node(id, "broker" + id, 9092));
    }
    List<TopicPartitionInfo> infos = new ArrayList<>();
    for (int partition = 0; partition < partitions; partition++) {
      infos.add(new TopicPartitionInfo(partition, nodes.getFirst(), nodes, nodes));
    }
    List<ConfigEntry> entries = new ArrayList<>();
    GOOD.forEach(
        (key, value) -> entries.add(new ConfigEntry(key, changed.getOrDefault(key, value))));
    return NEEDS.unmet(
        new TopicDescription("lookalike.images.c", false, infos, allowed),
        new Config(entries),
        "b:9092");
  }

  private static List<String> unmet(int partitions, int replicas, Map<String, String> changed) {
    return unmet(partitions, replicas, changed, Set.of(AclOperation.READ, AclOperation.WRITE));
  }

  @Test
  void whatIsAsNeededIsNotSpokenOf() {
    assertThat(unmet(4, 3, Map.of())).isEmpty();
    assertThat(unmet(4, 4, Map.of("max.message.bytes", "4194304", "min.insync.replicas", "3")))
        .isEmpty();
  }

  @Test
  void eachDifferenceComesWithItsCommand() {
    assertThat(unmet(3, 3, Map.of()))
        .containsExactly(
            "topic lookalike.images.c has 3 partitions, but the registry says 4: kafka-topics.sh"
                + " --bootstrap-server b:9092 --topic lookalike.images.c --alter --partitions 4");
    assertThat(unmet(5, 3, Map.of())).singleElement().asString().contains("--delete");
    assertThat(unmet(4, 3, Map.of("cleanup.policy", "compact,delete")))
        .containsExactly(
            "topic lookalike.images.c loses records because of cleanup.policy=compact,delete:"
                + " kafka-configs.sh --bootstrap-server b:9092 --entity-type topics --entity-name"
                + " lookalike.images.c --alter --add-config cleanup.policy=compact");
    assertThat(unmet(4, 3, Map.of("max.message.bytes", "1048588")))
        .singleElement()
        .asString()
        .endsWith("--add-config max.message.bytes=2097152");
    assertThat(unmet(4, 2, Map.of())).singleElement().asString().contains("has 2 replicas, not 3");
    assertThat(unmet(4, 3, Map.of("min.insync.replicas", "1")))
        .singleElement()
        .asString()
        .endsWith("--add-config min.insync.replicas=2");
    assertThat(unmet(4, 3, Map.of("min.insync.replicas", "4")))
        .as("could never be written")
        .hasSize(1);
    assertThat(unmet(4, 3, Map.of(), Set.of(AclOperation.READ)))
        .singleElement()
        .asString()
        .contains("does not allow this service to WRITE")
        .endsWith("--topic lookalike.images.c --operation WRITE");
  }

  @Test
  void aMissingOneIsCreatedByTheCommandThatIsTold() {
    assertThat(NEEDS.missing("b:9092"))
        .endsWith(
            "kafka-topics.sh --bootstrap-server b:9092 --topic lookalike.images.c --create"
                + " --partitions 4 --replication-factor 3 --config cleanup.policy=compact"
                + " --config max.message.bytes=2097152 --config min.insync.replicas=2");
  }
}
