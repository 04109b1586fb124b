package dev.lookalike.embed.infer;

import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.model.BuiltInModel;
import dev.lookalike.embed.model.CudaSettings;
import dev.lookalike.embed.model.DeviceRequiredException;
import dev.lookalike.embed.model.Devices;
import dev.lookalike.embed.model.ModelDirectorySettings;
import dev.lookalike.embed.model.ModelSettings;
import dev.lookalike.embed.model.Models;
import dev.lookalike.embed.model.OnnxModel;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jboss.logging.Logger;

/**
 * The models of this instance, each with what runs it. Models share one {@link Turnstile}, since
 * each run uses all cores. Nothing is loaded before {@link #load}.
 */
@Singleton
public class Embedders {
  private static final Logger LOG = Logger.getLogger(Embedders.class);

  /** Time between two looks at the model folders. */
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private final ModelSettings modelSettings;
  private final Optional<Path> directory;
  private final CudaSettings cuda;
  private final InferSettings settings;
  private final EmbedMetrics metrics;
  private final Turnstile turnstile = new Turnstile();
  private final ExecutorService decoders;
  private volatile Optional<Models> models = Optional.empty();
  private volatile List<Embedder> embedders = List.of();
  private volatile Runnable onMore = () -> {};
  private volatile boolean closed;

  public Embedders(
      ModelSettings modelSettings,
      ModelDirectorySettings directorySettings,
      CudaSettings cuda,
      InferSettings settings,
      EmbedMetrics metrics) {
    this.modelSettings = modelSettings;
    this.directory = directorySettings.directory().map(Path::toAbsolutePath).map(Path::normalize);
    this.cuda = cuda;
    this.settings = settings;
    this.metrics = metrics;
    this.decoders =
        Executors.newFixedThreadPool(
            orCores(settings.decodeThreads()),
            Thread.ofPlatform().name("decode-", 0).daemon().factory());
  }

  private static int orCores(int threads) {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /**
   * Loads the models; takes a moment. Once. From then on their folders are watched.
   *
   * @throws DeviceRequiredException where the device that is required does not run
   */
  public void load() {
    Devices devices =
        Devices.probe(
            modelSettings.device(),
            cuda.deviceId(),
            cuda.memoryLimit().map(MemorySize::asLongValue).orElse(0L));
    devices.trouble().ifPresent(reason -> missing(devices, reason));
    List<Path> folders = new ArrayList<>();
    modelSettings.models().orElse(List.of()).forEach(f -> folders.add(Path.of(f.strip())));
    Models loaded;
    try (BuiltInModel builtIn = BuiltInModel.write()) {
      loaded =
          Models.load(folders, Optional.of(builtIn.folder()), devices, orCores(settings.threads()));
    } catch (IOException e) {
      throw new UncheckedIOException("the built-in model cannot be written", e);
    }
    loaded.look(directory);
    serve(loaded);
    models = Optional.of(loaded);
    Thread.ofPlatform().name("models").daemon().start(() -> watch(loaded));
  }

  private static void missing(Devices devices, String reason) {
    switch (devices.policy()) {
      case REQUIRE -> throw new DeviceRequiredException(reason);
      case PREFER ->
          LOG.warnf(
              "lookalike.device=prefer, and CUDA does not run: models run on the CPU: %s", reason);
      case OFF -> {}
    }
  }

  /** An embedder for each model; those that are there stay. */
  private void serve(Models loaded) {
    List<Embedder> now = new ArrayList<>();
    for (OnnxModel model : loaded.served()) {
      now.add(
          embedders.stream()
              .filter(each -> each.model() == model)
              .findFirst()
              .orElseGet(() -> new Embedder(model, turnstile, metrics, settings)));
    }
    embedders = List.copyOf(now);
  }

  private void watch(Models loaded) {
    while (!closed) {
      try {
        Thread.sleep(LOOK_EVERY);
        if (loaded.look(directory)) {
          serve(loaded);
          onMore.run();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException e) {
        LOG.error("the model folders cannot be looked at", e);
      }
    }
  }

  /** Is called when more models are served than before, from a thread of its own. */
  public void onMore(Runnable listener) {
    onMore = listener;
  }

  /** Empty until they are loaded. */
  public Optional<Models> models() {
    return models;
  }

  /** One for each served model, in the order of the settings. */
  public List<Embedder> all() {
    return embedders;
  }

  /** Threads for decoding and preprocessing of the bulk. */
  public ExecutorService decoders() {
    return decoders;
  }

  @PreDestroy
  void close() {
    closed = true;
    // Sessions stay open: a run that is still going would crash the process, and it ends anyway.
    decoders.shutdown();
  }
}
