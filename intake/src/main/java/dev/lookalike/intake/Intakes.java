package dev.lookalike.intake;

import dev.lookalike.edge.Wording;
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
  private final IntakeRefusal refusal;
  private final IntakeSettings settings;
  private final long largestBody;

  public Intakes(
      IntakeSettings settings,
      @ConfigProperty(name = "quarkus.http.limits.max-body-size") MemorySize largestBody,
      Wording wording,
      IntakeOwner owner) {
    this.settings = settings;
    this.largestBody = largestBody.asLongValue();
    this.intake =
        new Intake(
            settings
                .maxBytes()
                .map(MemorySize::asLongValue)
                .orElse(Runtime.getRuntime().maxMemory() / 2));
    this.refusal = new IntakeRefusal(wording, owner);
    owner.watch(intake::taken);
  }

  void register(@Observes Filters filters) {
    new BodyGate(intake, largestBody, settings.readTimeout(), refusal).register(filters);
  }

  Intake intake() {
    return intake;
  }

  IntakeRefusal refusal() {
    return refusal;
  }

  Duration readTimeout() {
    return settings.readTimeout();
  }

  Duration stallTimeout() {
    return settings.stallTimeout();
  }
}
