package dev.lookalike.ingest.health;

import dev.lookalike.ingest.blobs.BlobStore;
import dev.lookalike.ingest.collections.Collections;
import dev.lookalike.ingest.log.Broker;
import dev.lookalike.log.CollectionState;
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
  private final Broker broker;
  private final Collections collections;
  private final BlobStore blobs;

  public Ready(Broker broker, Collections collections, BlobStore blobs) {
    this.broker = broker;
    this.collections = collections;
    this.blobs = blobs;
  }

  @Override
  public HealthCheckResponse call() {
    HealthCheckResponseBuilder response = HealthCheckResponse.named("ingest");
    Optional<String> reason = broker.trouble().or(collections::trouble).or(this::storageTrouble);
    reason.ifPresent(why -> response.withData("reason", why));
    return response.status(reason.isEmpty()).build();
  }

  private Optional<String> storageTrouble() {
    for (CollectionState state : collections.all()) {
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
