package dev.lookalike.query.health;

import dev.lookalike.query.catalog.Catalog;
import dev.lookalike.query.log.Broker;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
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
  private final Broker broker;
  private final Catalog catalog;

  IndexReadiness(Broker broker, Catalog catalog) {
    this.broker = broker;
    this.catalog = catalog;
  }

  @Override
  public HealthCheckResponse call() {
    List<String> obstacles = catalog.obstacles();
    boolean reachable = broker.reachable();
    return HealthCheckResponse.named("index")
        .withData(
            "broker",
            broker
                .refusal()
                .map(why -> "refuses this service: " + why)
                .orElse(reachable ? "answers" : "does not answer"))
        .withData("index", obstacles.isEmpty() ? "follows the log" : String.join("; ", obstacles))
        .status(reachable && obstacles.isEmpty())
        .build();
  }
}
