package dev.lookalike.ingest;

import dev.lookalike.ingest.metrics.IngestMetrics;
import dev.lookalike.service.admission.Admission;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** What is made of what. */
@ApplicationScoped
public class Wiring {
  void start(@Observes StartupEvent event, Admission admission, IngestMetrics metrics) {
    metrics.inFlight(admission::requests, admission::bytes);
  }
}
