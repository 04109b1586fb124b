package dev.lookalike.embed;

import dev.lookalike.embed.builds.ServedBuilds;
import dev.lookalike.embed.builds.ServedModels;
import dev.lookalike.embed.health.Startup;
import dev.lookalike.embed.infer.Embedders;
import dev.lookalike.embed.infer.InferSettings;
import dev.lookalike.embed.log.BuildTopics;
import dev.lookalike.embed.log.ClassifierReader;
import dev.lookalike.embed.log.ExistingImages;
import dev.lookalike.embed.log.KafkaSettings;
import dev.lookalike.embed.log.Pipelines;
import dev.lookalike.embed.log.RegistryFollower;
import dev.lookalike.embed.log.SlotSettings;
import dev.lookalike.embed.log.StreamSettings;
import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.model.CudaSettings;
import dev.lookalike.embed.model.DeviceRequiredException;
import dev.lookalike.embed.model.ModelDirectorySettings;
import dev.lookalike.embed.model.ModelSettings;
import dev.lookalike.embed.model.runtime.Devices;
import dev.lookalike.embed.query.QueryImages;
import dev.lookalike.embed.query.QuerySettings;
import dev.lookalike.embed.teaching.Lessons;
import dev.lookalike.embed.teaching.TaughtCollections;
import dev.lookalike.embed.teaching.TeachingSettings;
import dev.lookalike.imaging.ImageLimits;
import dev.lookalike.imaging.Natives;
import dev.lookalike.service.admission.Admission;
import dev.lookalike.service.admission.AdmissionPolicy;
import dev.lookalike.service.admission.RequestPolicy;
import dev.lookalike.service.kafka.KafkaAdmin;
import dev.lookalike.service.kafka.TopicProvisioning;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jboss.logging.Logger;

/** What is made of what, and in which order it starts and stops. */
@ApplicationScoped
public class Wiring {
  private static final Logger LOG = Logger.getLogger(Wiring.class);

  /** From the registry's word to the binding: the making of a topic. */
  private static final Duration BINDING = Duration.ofSeconds(2);

  @Produces
  @Singleton
  AdmissionPolicy admission(IntakeSettings settings) {
    return RequestPolicy.of(settings);
  }

  @Produces
  @Singleton
  EmbedMetrics metrics(MeterRegistry registry) {
    return new EmbedMetrics(registry);
  }

  @Produces
  @Singleton
  Startup startup() {
    return new Startup();
  }

  // The models, and what runs them.

  @Produces
  @Singleton
  Embedders embedders(
      ModelSettings models,
      ModelDirectorySettings directory,
      CudaSettings cuda,
      InferSettings settings,
      EmbedMetrics metrics) {
    List<Path> folders =
        models.models().orElse(List.of()).stream().map(each -> Path.of(each.strip())).toList();
    long memoryLimit = cuda.memoryLimit().map(MemorySize::asLongValue).orElse(0L);
    return new Embedders(
        folders,
        directory.directory(),
        () -> Devices.probe(models.device(), cuda.deviceId(), memoryLimit),
        settings,
        metrics);
  }

  @Produces
  @Singleton
  ServedBuilds builds() {
    return new ServedBuilds(BINDING);
  }

  @Produces
  @Singleton
  ServedModels models(Embedders embedders, ServedBuilds builds) {
    return new ServedModels(embedders, builds);
  }

  // Answers.

  @Produces
  @Singleton
  QueryImages images(
      ServedBuilds builds, QuerySettings settings, SlotSettings slot, EmbedMetrics metrics) {
    return new QueryImages(
        builds,
        settings,
        new ImageLimits(settings.maxImageBytes().asLongValue(), settings.maxPixels()),
        slot.role() == SlotSettings.Role.BULK,
        metrics);
  }

  @Produces
  @Singleton
  TaughtCollections taught(TeachingSettings settings) {
    return new TaughtCollections(settings.maxBytes().asLongValue());
  }

  @Produces
  @Singleton
  Lessons lessons(ServedBuilds builds, TaughtCollections taught) {
    return new Lessons(builds::collection, taught);
  }

  // The log.

  @Produces
  @Singleton
  KafkaAdmin admin(KafkaSettings settings) {
    return new KafkaAdmin(settings, "lookalike-embed-admin");
  }

  @Produces
  @Singleton
  RegistryFollower registry(
      KafkaAdmin admin, KafkaSettings settings, Embedders embedders, ServedBuilds builds) {
    return new RegistryFollower(
        admin,
        settings,
        new BuildTopics(new TopicProvisioning(admin, settings)),
        embedders,
        builds);
  }

  @Produces
  @Singleton
  ClassifierReader classifiers(
      KafkaAdmin admin, KafkaSettings kafka, TeachingSettings settings, TaughtCollections taught) {
    return new ClassifierReader(admin, kafka, settings.lookEvery(), taught);
  }

  @Produces
  @Singleton
  ExistingImages existing(
      KafkaAdmin admin, KafkaSettings kafka, TeachingSettings settings, TaughtCollections taught) {
    return new ExistingImages(admin, kafka, settings.progressEvery(), taught);
  }

  @Produces
  @Singleton
  Pipelines pipelines(
      KafkaSettings kafka,
      StreamSettings settings,
      SlotSettings slot,
      Embedders embedders,
      EmbedMetrics metrics,
      TaughtCollections taught,
      ClassifierReader classifiers,
      ExistingImages existing) {
    return new Pipelines(kafka, settings, slot, embedders, metrics, taught, classifiers, existing);
  }

  void gauges(
      @Observes StartupEvent event,
      EmbedMetrics metrics,
      Admission admission,
      Embedders embedders,
      QueryImages images,
      Pipelines pipelines) {
    metrics.intake(admission::bytes);
    metrics.gauges(pipelines::lag, images::queued, () -> embedders.all().size(), pipelines::count);
    metrics.devices(
        () -> embedders.all().stream().filter(each -> !each.model().device().equals("cpu")).count(),
        () ->
            embedders.all().stream()
                .filter(each -> each.model().deviceTrouble().isPresent())
                .count());
  }

  /** Brings the parts up in their order, beside the start of the server. */
  void start(
      @Observes StartupEvent event,
      Startup startup,
      Embedders embedders,
      RegistryFollower registry,
      Pipelines pipelines) {
    Thread.ofPlatform()
        .name("startup")
        .daemon()
        .start(() -> bringUp(startup, embedders, registry, pipelines));
  }

  private static void bringUp(
      Startup startup, Embedders embedders, RegistryFollower registry, Pipelines pipelines) {
    try {
      Thread natives = Thread.ofPlatform().name("natives").daemon().start(Natives::load);
      embedders.load();
      natives.join();
      registry.follow(pipelines::serve);
      startup.done();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (DeviceRequiredException e) {
      LOG.fatal(e.getMessage());
      startup.failed(String.valueOf(e.getMessage()));
      Quarkus.asyncExit(1);
    } catch (RuntimeException | LinkageError e) {
      LOG.error("the models cannot be loaded", e);
      startup.failed("the models cannot be loaded: " + e.getMessage());
    }
  }

  /** Nothing starts any more, then pipelines finish their transactions, then the rest ends. */
  void stop(
      @Observes ShutdownEvent event,
      RegistryFollower registry,
      Pipelines pipelines,
      ExistingImages existing,
      ClassifierReader classifiers,
      QueryImages images,
      Embedders embedders,
      KafkaAdmin admin) {
    registry.close();
    pipelines.close();
    existing.close();
    classifiers.close();
    images.close();
    embedders.close();
    admin.close();
  }
}
