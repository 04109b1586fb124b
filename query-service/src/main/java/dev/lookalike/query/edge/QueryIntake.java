package dev.lookalike.query.edge;

import dev.lookalike.intake.IntakeOwner;
import dev.lookalike.query.metrics.QueryMetrics;
import jakarta.inject.Singleton;
import java.util.function.Supplier;

/** What this service says and counts of the requests that it takes in. */
@Singleton
public class QueryIntake implements IntakeOwner {
  private final QueryMetrics metrics;

  public QueryIntake(QueryMetrics metrics) {
    this.metrics = metrics;
  }

  @Override
  public String full() {
    return "As many requests as this service holds are in work; try again in a second.";
  }

  @Override
  public String slow() {
    return "The message came too slowly.";
  }

  @Override
  public void watch(Supplier<Number> bytes) {
    metrics.intake(bytes);
  }
}
