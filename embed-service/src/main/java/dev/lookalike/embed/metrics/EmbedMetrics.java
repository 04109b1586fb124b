package dev.lookalike.embed.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;

/** Every metric of this service. Labels come from enums and fixed words only. */
public final class EmbedMetrics {
  /** Who waits for a batch. */
  public enum Urgency {
    ONLINE,
    BULK;

    private String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is timed, for each image but {@code INFER}, which is for each batch. */
  public enum Phase {
    /** From ready for the model to its turn. */
    QUEUE,
    /** Bytes to pixels; online: to the canonical image and back. */
    DECODE,
    /** Pixels to a tensor. */
    PREPROCESS,
    /** Tensor to embedding. */
    INFER
  }

  private static final Duration[] BUCKETS = {
    Duration.ofMillis(1),
    Duration.ofMillis(2),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(20),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(200),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(2),
    Duration.ofSeconds(5)
  };

  private final MeterRegistry registry;

  public EmbedMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** One phase of one image or batch. */
  public void took(Phase phase, Urgency urgency, long nanos) {
    Timer.builder("lookalike.embed." + phase.name().toLowerCase(Locale.ROOT))
        .tag("urgency", urgency.word())
        .serviceLevelObjectives(BUCKETS)
        .register(registry)
        .record(Duration.ofNanos(nanos));
  }

  /** A new image of which a classifier was asked: whether it said a label or abstained. */
  public void taught(boolean labelled) {
    Counter.builder("lookalike.embed.taught")
        .tag("said", labelled ? "label" : "nothing")
        .register(registry)
        .increment();
  }

  /** Images that went through the model together. */
  public void batch(Urgency urgency, int size) {
    DistributionSummary.builder("lookalike.embed.batch.size")
        .tag("urgency", urgency.word())
        .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64)
        .register(registry)
        .record(size);
  }

  /**
   * Outcomes that were committed.
   *
   * @param outcome "embedded", "rejected" or "removed"
   * @param reason name of a reason, or the empty string
   */
  public void outcome(String outcome, String reason) {
    Counter.builder("lookalike.embed.outcomes")
        .tag("outcome", outcome)
        .tag("reason", reason)
        .register(registry)
        .increment();
  }

  /** Query images that were refused or answered; {@code code} is empty for an answer. */
  public void online(String code) {
    Counter.builder("lookalike.embed.online.images")
        .tag("code", code)
        .register(registry)
        .increment();
  }

  /** Transactions that were aborted, or clients that were opened again after an error. */
  public void restarted() {
    Counter.builder("lookalike.embed.pipeline.restarts").register(registry).increment();
  }

  /** Asked at each scrape. */
  public void gauges(
      Supplier<Number> lag,
      Supplier<Number> queued,
      Supplier<Number> models,
      Supplier<Number> pipelines) {
    Gauge.builder("lookalike.embed.lag", lag)
        .description("images records that have no outcome yet, of the partitions of this instance")
        .register(registry);
    Gauge.builder("lookalike.embed.queue.depth", queued)
        .description("query images that were admitted and not answered yet")
        .register(registry);
    Gauge.builder("lookalike.embed.models", models).register(registry);
    Gauge.builder("lookalike.embed.pipelines", pipelines).register(registry);
  }

  /**
   * Asked at each scrape.
   *
   * @param cuda models that run on CUDA
   * @param fallen models that run on the CPU though CUDA was preferred
   */
  public void devices(Supplier<Number> cuda, Supplier<Number> fallen) {
    Gauge.builder("lookalike.embed.models.cuda", cuda)
        .description("models that run on CUDA")
        .register(registry);
    Gauge.builder("lookalike.embed.device.fallback", fallen)
        .description("models that run on the CPU though CUDA was asked for")
        .register(registry);
  }

  /** Publishes what requests hold while they arrive and are worked on; once. */
  public void intake(Supplier<Number> bytes) {
    Gauge.builder("lookalike.embed.intake.bytes", bytes).register(registry);
  }
}
