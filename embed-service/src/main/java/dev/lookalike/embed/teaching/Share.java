package dev.lookalike.embed.teaching;

import dev.lookalike.proto.events.v1.Build;
import java.util.Set;

/**
 * The part of a collection that one pipeline of this instance works on.
 *
 * @param partitions assigned to it
 * @param taughtBy offset of the classifier record that labels new images from now on; -1: none
 */
public record Share(String collectionId, Build build, Set<Integer> partitions, long taughtBy) {
  public Share {
    partitions = Set.copyOf(partitions);
  }

  /** Whether the same pipeline still has a partition and labels by the same record. */
  boolean stillHas(int partition, Share now) {
    return now.collectionId().equals(collectionId)
        && now.build().getId().equals(build.getId())
        && now.partitions().contains(partition)
        && now.taughtBy() == taughtBy;
  }
}
