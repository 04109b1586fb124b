package dev.lookalike.service.access;

import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * Reports whether keys are required and whether the key file can be used. Always up: while the file
 * cannot be used, the service works with the last valid keys.
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
                            .map(
                                why ->
                                    "using the last valid keys; the key file cannot be used: "
                                        + why)
                            .orElse("loaded from the key file"))
                .orElse("not required"))
        .up()
        .build();
  }
}
