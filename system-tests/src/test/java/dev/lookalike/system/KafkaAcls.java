package dev.lookalike.system;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** What docs/kafka.md says that each service needs of a broker that authorises. */
public final class KafkaAcls {
  /** Of a topic that a service makes, writes and deletes. */
  private static final Set<AclOperation> OWNER =
      Set.of(
          AclOperation.READ,
          AclOperation.WRITE,
          AclOperation.CREATE,
          AclOperation.DELETE,
          AclOperation.DESCRIBE_CONFIGS);

  private KafkaAcls() {}

  /** Users are named as the services: {@code ingest}, {@code embed}, {@code query}. */
  public static List<AclBinding> documented() {
    List<AclBinding> acls = new ArrayList<>();
    for (AclOperation operation : OWNER) {
      acls.add(topic("ingest", "lookalike.", operation));
    }
    acls.add(topic("embed", "lookalike.images.", AclOperation.READ));
    acls.add(topic("embed", "lookalike.collections", AclOperation.READ));
    acls.add(topic("embed", "lookalike.collections", AclOperation.WRITE));
    for (AclOperation operation : OWNER) {
      acls.add(topic("embed", "lookalike.embeddings.", operation));
    }
    acls.add(topic("embed", "lookalike.annotations.", AclOperation.WRITE));
    acls.add(topic("embed", "lookalike.classifiers.", AclOperation.READ));
    acls.add(topic("embed", "lookalike.classifiers.", AclOperation.WRITE));
    for (AclOperation operation : Set.of(AclOperation.READ, AclOperation.DELETE)) {
      acls.add(acl("embed", ResourceType.GROUP, "lookalike.embed.", operation));
    }
    acls.add(acl("embed", ResourceType.TRANSACTIONAL_ID, "lookalike.embed.", AclOperation.WRITE));
    acls.add(topic("query", "lookalike.", AclOperation.READ));
    return acls;
  }

  static AclBinding topic(String user, String prefix, AclOperation operation) {
    return acl(user, ResourceType.TOPIC, prefix, operation);
  }

  private static AclBinding acl(
      String user, ResourceType type, String prefix, AclOperation operation) {
    return new AclBinding(
        new ResourcePattern(type, prefix, PatternType.PREFIXED),
        new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW));
  }
}
