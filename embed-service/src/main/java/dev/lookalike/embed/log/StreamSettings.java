package dev.lookalike.embed.log;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;

/** Reading images and writing embeddings. */
@ConfigMapping(prefix = "lookalike.stream")
public interface StreamSettings {
  /**
   * Records of one transaction, at most. More makes fewer transactions; fewer makes images
   * searchable earlier. In memory at once: this many canonical images.
   */
  @WithDefault("64")
  @Min(1)
  @Max(1000)
  int maxPollRecords();

  /**
   * Time after which the broker gives the partitions of a silent instance to another one. The same
   * slot, started again, has them back at once. At least the broker's group.min.session.timeout.ms.
   */
  @WithDefault("6s")
  Duration sessionTimeout();

  /** Time after which the broker aborts a transaction that was left open. */
  @WithDefault("10s")
  Duration transactionTimeout();

  /**
   * Share of images that the model may fail on (MODEL_FAILED, EMBEDDING_NOT_FINITE), of the last
   * 64: above it the pipeline stops and says so, instead of rejecting a whole topic for a fault
   * that is not the images'. Looked at from 16 images on.
   */
  @WithDefault("0.5")
  @DecimalMin("0.01")
  @DecimalMax("1")
  double maxFailedShare();
}
