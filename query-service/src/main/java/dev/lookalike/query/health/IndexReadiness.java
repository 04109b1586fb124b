package dev.lookalike.query.health;

import dev.lookalike.query.log.Indexes;
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
  private final Indexes indexes;

  IndexReadiness(BrokerWatch broker, Indexes indexes) {
    this.broker = broker;
    this.indexes = indexes;
  }

  @Override
  public HealthCheckResponse call() {
    List<String> obstacles = indexes.obstacles();
    Optional<String> trouble = broker.trouble();
    return HealthCheckResponse.named("index")
        .withData("broker", trouble.orElse("answers"))
        .withData("index", obstacles.isEmpty() ? "follows the log" : String.join("; ", obstacles))
        .status(trouble.isEmpty() && obstacles.isEmpty())
        .build();
  }
}
