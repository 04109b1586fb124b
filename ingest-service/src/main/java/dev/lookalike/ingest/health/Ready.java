package dev.lookalike.ingest.health;

import dev.lookalike.ingest.blobs.BlobStore;
import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.collections.Upkeep;
import dev.lookalike.log.CollectionState;
import dev.lookalike.service.kafka.BrokerWatch;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/** Ready while an upload would be accepted: broker, registry, default collection, BlobStore. */
@Readiness
@Singleton
public class Ready implements HealthCheck {
  private final BrokerWatch broker;
  private final Upkeep upkeep;
  private final Catalogue catalogue;
  private final BlobStore blobs;

  public Ready(BrokerWatch broker, Upkeep upkeep, Catalogue catalogue, BlobStore blobs) {
    this.broker = broker;
    this.upkeep = upkeep;
    this.catalogue = catalogue;
    this.blobs = blobs;
  }

  @Override
  public HealthCheckResponse call() {
    HealthCheckResponseBuilder response = HealthCheckResponse.named("ingest");
    Optional<String> reason = broker.trouble().or(upkeep::trouble).or(this::storageTrouble);
    reason.ifPresent(why -> response.withData("reason", why));
    return response.status(reason.isEmpty()).build();
  }

  private Optional<String> storageTrouble() {
    for (CollectionState state : catalogue.all()) {
      if (state.collection().getKeepOriginals()) {
        try {
          blobs.check();
          return Optional.empty();
        } catch (IOException e) {
          return Optional.of("originals cannot be kept: " + e.getMessage());
        }
      }
    }
    return Optional.empty();
  }
}
