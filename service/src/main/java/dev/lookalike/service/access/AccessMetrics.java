package dev.lookalike.service.access;

import dev.lookalike.access.KeyRing;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;
import java.util.Locale;

/** What the edge counts. */
@Singleton
public class AccessMetrics {
  /** Why a request was not let in. */
  enum Reason {
    NO_KEY,
    UNKNOWN_KEY,
    EXPIRED_KEY,
    /** The key opens something else. */
    NO_GRANT,
    /** No key opens it. */
    NOT_IN_TABLE
  }

  private final MeterRegistry registry;

  public AccessMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  void refused(Reason reason) {
    Counter.builder("lookalike.access.refused")
        .description("requests that were not let in")
        .tag("reason", reason.name().toLowerCase(Locale.ROOT))
        .register(registry)
        .increment();
  }

  void watch(KeyRing keys) {
    Gauge.builder("lookalike.access.keys", keys, KeyRing::size)
        .description("access keys that count")
        .register(registry);
    Gauge.builder("lookalike.access.keys.stale", keys, ring -> ring.trouble().isPresent() ? 1 : 0)
        .description("1 while the file of keys cannot be used and those of before go on to count")
        .register(registry);
  }
}
