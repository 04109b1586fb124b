package dev.lookalike.query.health;

import dev.lookalike.query.catalog.Catalog;
import dev.lookalike.service.kafka.BrokerWatch;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * Ready while the broker answers and the indexes have everything that the log held at their start.
 * While the broker is away searches are still answered, from what is there.
 */
@Readiness
@ApplicationScoped
public class IndexReadiness implements HealthCheck {
  private final BrokerWatch broker;
  private final Catalog catalog;

  IndexReadiness(BrokerWatch broker, Catalog catalog) {
    this.broker = broker;
    this.catalog = catalog;
  }

  @Override
  public HealthCheckResponse call() {
    List<String> obstacles = catalog.obstacles();
    Optional<String> trouble = broker.trouble();
    return HealthCheckResponse.named("index")
        .withData("broker", trouble.orElse("answers"))
        .withData("index", obstacles.isEmpty() ? "follows the log" : String.join("; ", obstacles))
        .status(trouble.isEmpty() && obstacles.isEmpty())
        .build();
  }
}
