package dev.lookalike.service.access;

import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * Tells whether keys are asked for, and whether their file can be used. Ready all the same: with
 * the keys of before the service does its work.
 */
@Readiness
@Singleton
public class AccessHealth implements HealthCheck {
  private final Access access;

  public AccessHealth(Access access) {
    this.access = access;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("access")
        .withData(
            "keys",
            access
                .keys()
                .map(
                    ring ->
                        ring.trouble()
                            .map(why -> "those of before count, since of their file: " + why)
                            .orElse("as their file has them"))
                .orElse("none needed"))
        .up()
        .build();
  }
}
