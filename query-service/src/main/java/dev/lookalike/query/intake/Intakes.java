package dev.lookalike.query.intake;

import dev.lookalike.query.metrics.QueryMetrics;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.filters.Filters;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** The one intake of this process, for both protocols. */
@Singleton
public class Intakes {
  private final Intake intake;
  private final IntakeSettings settings;
  private final long largestBody;

  public Intakes(
      IntakeSettings settings,
      @ConfigProperty(name = "quarkus.http.limits.max-body-size") MemorySize largestBody,
      QueryMetrics metrics) {
    this.settings = settings;
    this.largestBody = largestBody.asLongValue();
    this.intake =
        new Intake(
            settings
                .maxBytes()
                .map(MemorySize::asLongValue)
                .orElse(Runtime.getRuntime().maxMemory() / 2));
    metrics.intake(intake::taken);
  }

  void register(@Observes Filters filters) {
    new BodyGate(intake, largestBody, settings.readTimeout()).register(filters);
  }

  Intake intake() {
    return intake;
  }

  Duration readTimeout() {
    return settings.readTimeout();
  }

  Duration stallTimeout() {
    return settings.stallTimeout();
  }
}
