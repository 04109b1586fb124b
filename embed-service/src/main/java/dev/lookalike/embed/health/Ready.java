package dev.lookalike.embed.health;

import dev.lookalike.embed.builds.ServedBuilds;
import dev.lookalike.embed.infer.Embedders;
import dev.lookalike.embed.log.Pipelines;
import dev.lookalike.embed.model.runtime.OnnxModel;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/**
 * Ready when the broker answers, a model is usable and every pipeline streams. A collection or a
 * model that is not served does not take the others down: it is named, and that is all.
 */
@Readiness
@ApplicationScoped
public class Ready implements HealthCheck {
  private final Startup startup;
  private final Embedders embedders;
  private final ServedBuilds builds;
  private final Pipelines pipelines;

  public Ready(Startup startup, Embedders embedders, ServedBuilds builds, Pipelines pipelines) {
    this.startup = startup;
    this.embedders = embedders;
    this.builds = builds;
    this.pipelines = pipelines;
  }

  @Override
  public HealthCheckResponse call() {
    HealthCheckResponseBuilder response = HealthCheckResponse.named("embed");
    Optional<String> reason = reason();
    response.status(reason.isEmpty());
    reason.ifPresent(text -> response.withData("reason", text));
    embedders
        .all()
        .forEach(
            each ->
                response.withData(
                    "model " + each.model().reference().getId(), served(each.model())));
    embedders
        .models()
        .flatMap(models -> models.devices().trouble())
        .ifPresent(trouble -> response.withData("device", "cpu, and not CUDA: " + trouble));
    embedders
        .models()
        .ifPresent(
            models ->
                models
                    .refused()
                    .forEach(each -> response.withData("model " + each.folder(), each.reason())));
    builds
        .unserved()
        .forEach(each -> response.withData("collection " + each.collection(), each.reason()));
    return response.build();
  }

  private String served(OnnxModel model) {
    String text = "served on " + model.device();
    Optional<String> change = embedders.models().flatMap(models -> models.change(model));
    return change.map(why -> text + ", but " + why).orElse(text);
  }

  private Optional<String> reason() {
    if (startup.trouble().isPresent()) {
      return startup.trouble();
    }
    if (embedders.all().isEmpty()) {
      return Optional.of("no model is usable");
    }
    Optional<String> broker = builds.trouble();
    if (broker.isPresent()) {
      return Optional.of("broker: " + broker.get());
    }
    List<Pipelines.Trouble> troubles = pipelines.troubles();
    return troubles.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "collection " + troubles.getFirst().collection() + ": " + troubles.getFirst().reason());
  }
}
