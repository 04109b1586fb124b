package dev.lookalike.embed.infer;

import java.time.Duration;

/** Settings of a test. */
public record FixedSettings(int maxBatchSize, Duration bulkBatchTime) implements InferSettings {
  @Override
  public int threads() {
    return 1;
  }

  @Override
  public int decodeThreads() {
    return 1;
  }
}
