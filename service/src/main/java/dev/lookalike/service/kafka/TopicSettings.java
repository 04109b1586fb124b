package dev.lookalike.service.kafka;

import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;

/** How the broker is reached, and how topics are made: {@code lookalike.kafka.*}. */
public interface TopicSettings extends ClientSettings {
  /** Whether topics that are missing are created; else readiness gives the commands that do. */
  @WithDefault("true")
  boolean createTopics();

  /**
   * Copies of each partition: topics are created with so many, and those that are there must have
   * them. 0: the broker's default.
   */
  @WithDefault("0")
  @Min(0)
  @Max(100)
  int replicationFactor();

  /**
   * Copies that must have a record before it is acknowledged: topics are created with it, and those
   * that are there must have as many. 2 with a replication factor of 3 bears the loss of one
   * broker. 0: the broker's default.
   */
  @WithDefault("0")
  @Min(0)
  @Max(100)
  int minInsyncReplicas();
}
