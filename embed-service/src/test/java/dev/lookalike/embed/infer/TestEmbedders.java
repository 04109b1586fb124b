package dev.lookalike.embed.infer;

import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.model.runtime.OnnxModel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;

/** An embedder of a real, small model. */
public final class TestEmbedders {
  private TestEmbedders() {}

  public static Embedder of(OnnxModel model, int maxBatchSize) {
    return new Embedder(
        model,
        new Turnstile(),
        new EmbedMetrics(new SimpleMeterRegistry()),
        new FixedSettings(maxBatchSize, Duration.ofSeconds(10)));
  }
}
