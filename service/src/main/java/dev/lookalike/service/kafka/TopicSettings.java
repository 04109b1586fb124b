package dev.lookalike.service.kafka;

import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;

/** Connection to the broker, and how topics are created: {@code lookalike.kafka.*}. */
public interface TopicSettings extends ClientSettings {
  /** Whether missing topics are created; if not, readiness shows the commands that create them. */
  @WithDefault("true")
  boolean createTopics();

  /**
   * Copies of each partition: topics are created with this number, and existing topics must have at
   * least as many. 0: the broker's default.
   */
  @WithDefault("0")
  @Min(0)
  @Max(100)
  int replicationFactor();

  /**
   * Copies that must have a record before it is acknowledged: topics are created with this number,
   * and existing topics must have at least as many. 2 with a replication factor of 3 survives the
   * loss of one broker. 0: the broker's default.
   */
  @WithDefault("0")
  @Min(0)
  @Max(100)
  int minInsyncReplicas();
}
