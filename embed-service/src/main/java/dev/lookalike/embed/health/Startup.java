package dev.lookalike.embed.health;

import dev.lookalike.embed.infer.Embedders;
import dev.lookalike.embed.log.Bindings;
import dev.lookalike.embed.log.Pipelines;
import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.model.DeviceRequiredException;
import dev.lookalike.embed.query.QueryImages;
import dev.lookalike.imaging.Natives;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Brings the parts up in their order, beside the start of the server. */
@ApplicationScoped
public class Startup {
  private static final Logger LOG = Logger.getLogger(Startup.class);

  private final Embedders embedders;
  private final Bindings bindings;
  private final Pipelines pipelines;
  private volatile Optional<String> trouble = Optional.of("the models are being loaded");

  public Startup(
      Embedders embedders,
      Bindings bindings,
      Pipelines pipelines,
      QueryImages images,
      EmbedMetrics metrics) {
    this.embedders = embedders;
    this.bindings = bindings;
    this.pipelines = pipelines;
    metrics.gauges(pipelines::lag, images::queued, () -> embedders.all().size(), pipelines::count);
    metrics.devices(
        () -> embedders.all().stream().filter(each -> !each.model().device().equals("cpu")).count(),
        () ->
            embedders.all().stream()
                .filter(each -> each.model().deviceTrouble().isPresent())
                .count());
  }

  void start(@Observes StartupEvent event) {
    Thread.ofPlatform().name("startup").daemon().start(this::bringUp);
  }

  /** Why it is not up; empty when it is. */
  Optional<String> trouble() {
    return trouble;
  }

  private void bringUp() {
    try {
      Thread natives = Thread.ofPlatform().name("natives").daemon().start(Natives::load);
      embedders.load();
      natives.join();
      bindings.follow(pipelines::serve);
      trouble = Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (DeviceRequiredException e) {
      LOG.fatal(e.getMessage());
      trouble = Optional.of(String.valueOf(e.getMessage()));
      Quarkus.asyncExit(1);
    } catch (RuntimeException | LinkageError e) {
      LOG.error("the models cannot be loaded", e);
      trouble = Optional.of("the models cannot be loaded: " + e.getMessage());
    }
  }
}
