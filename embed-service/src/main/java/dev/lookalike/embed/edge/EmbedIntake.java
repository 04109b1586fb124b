package dev.lookalike.embed.edge;

import dev.lookalike.embed.server.EmbedMetrics;
import dev.lookalike.intake.IntakeOwner;
import jakarta.inject.Singleton;
import java.util.function.Supplier;

/** What this service says and counts of the requests that it takes in. */
@Singleton
public class EmbedIntake implements IntakeOwner {
  private final EmbedMetrics metrics;

  public EmbedIntake(EmbedMetrics metrics) {
    this.metrics = metrics;
  }

  @Override
  public String full() {
    return "as many query images as this service holds are in work; try again soon";
  }

  @Override
  public String slow() {
    return "the message came too slowly";
  }

  @Override
  public void watch(Supplier<Number> bytes) {
    metrics.intake(bytes);
  }
}
