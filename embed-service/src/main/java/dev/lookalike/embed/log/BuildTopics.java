package dev.lookalike.embed.log;

import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.service.kafka.TopicProvisioning;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.acl.AclOperation;

/** The topics that a build is made from and written to. Thread-safe. */
public final class BuildTopics {
  /**
   * Bytes of an outcome, at most: those of an images record (docs/contracts.md), whose attributes
   * it repeats, and 64 KiB for embedding and labels, so that no accepted image has an outcome that
   * cannot be written.
   */
  static final int MAX_OUTCOME_BYTES = (2 << 20) + (64 << 10);

  private final TopicProvisioning provisioning;

  public BuildTopics(TopicProvisioning provisioning) {
    this.provisioning = provisioning;
  }

  /**
   * Creates the embeddings topic of a build unless it is there.
   *
   * @return why that topic, or the images' one, cannot be used; empty when they can, also when that
   *     of the images is not there yet
   */
  Optional<String> refusal(Collection collection, Build build) {
    int partitions = collection.getPartitions();
    return provisioning
        .problemOfReading(Topics.images(collection.getId()), partitions)
        .or(
            () ->
                provisioning.provide(
                    Topics.embeddings(collection.getId(), build.getId()),
                    partitions,
                    MAX_OUTCOME_BYTES,
                    Set.of(AclOperation.WRITE)));
  }
}
