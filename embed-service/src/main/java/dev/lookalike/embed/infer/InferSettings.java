package dev.lookalike.embed.infer;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;

/** How models are run. */
@ConfigMapping(prefix = "lookalike.infer")
public interface InferSettings {
  /** Threads of one run of a model; 0: one for each core. */
  @WithDefault("0")
  @Min(0)
  @Max(256)
  int threads();

  /** Threads that decode and preprocess for the bulk; 0: one for each core. */
  @WithDefault("0")
  @Min(0)
  @Max(256)
  int decodeThreads();

  /**
   * Images of one batch, at most; a power of two is used whole. More costs memory, and pays on a
   * device that is idle between batches.
   */
  @WithDefault("16")
  @Min(1)
  @Max(256)
  int maxBatchSize();

  /**
   * Time that a batch of the bulk should take, at most: a query image waits this long at worst. A
   * single image that takes longer runs all the same.
   */
  @WithDefault("60ms")
  Duration bulkBatchTime();
}
