package dev.lookalike.query.health;

import dev.lookalike.query.QuerySettings;
import dev.lookalike.query.index.lucene.Simd;
import dev.lookalike.query.store.IndexSettings;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Says how vectors are compared. Always up: without SIMD answers are the same, but slower. */
@Readiness
@ApplicationScoped
public class VectorReadiness implements HealthCheck {
  private final String compared;

  VectorReadiness(QuerySettings settings) {
    compared =
        settings.index().type() == IndexSettings.Type.MILVUS
            ? "by Milvus"
            : Simd.isUsed() ? "with SIMD" : "without SIMD: " + Simd.obstacle();
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("vectors").withData("compared", compared).up().build();
  }
}
