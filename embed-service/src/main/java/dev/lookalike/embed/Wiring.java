package dev.lookalike.embed;

import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.service.admission.Admission;
import dev.lookalike.service.admission.AdmissionPolicy;
import dev.lookalike.service.admission.RequestPolicy;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** What is made of what. */
@ApplicationScoped
public class Wiring {
  @Produces
  @Singleton
  AdmissionPolicy admission(
      IntakeSettings settings,
      @ConfigProperty(name = "quarkus.http.limits.max-body-size") MemorySize body,
      @ConfigProperty(name = "quarkus.grpc.server.max-inbound-message-size") int message) {
    return RequestPolicy.of(settings, body.asLongValue(), message);
  }

  void start(@Observes StartupEvent event, Admission admission, EmbedMetrics metrics) {
    metrics.intake(admission::bytes);
  }
}
