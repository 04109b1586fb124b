package dev.lookalike.service.access;

import dev.lookalike.access.KeyRing;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;
import java.util.Locale;

/** Metrics of access control. */
@Singleton
public class AccessMetrics {
  /** Why a request was refused. */
  enum Reason {
    NO_KEY,
    UNKNOWN_KEY,
    EXPIRED_KEY,
    /** The key lacks the role. */
    NO_GRANT,
    /** No key allows it. */
    NOT_IN_TABLE
  }

  private final MeterRegistry registry;

  public AccessMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  void refused(Reason reason) {
    Counter.builder("lookalike.access.refused")
        .description("requests refused by access control")
        .tag("reason", reason.name().toLowerCase(Locale.ROOT))
        .register(registry)
        .increment();
  }

  void watch(KeyRing keys) {
    Gauge.builder("lookalike.access.keys", keys, KeyRing::size)
        .description("valid access keys")
        .register(registry);
    Gauge.builder("lookalike.access.keys.stale", keys, ring -> ring.trouble().isPresent() ? 1 : 0)
        .description("1 while the key file cannot be used and the last valid keys are used")
        .register(registry);
  }
}
