package dev.lookalike.embed.infer;

import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.model.DeviceRequiredException;
import dev.lookalike.embed.model.folder.BuiltInModel;
import dev.lookalike.embed.model.runtime.Devices;
import dev.lookalike.embed.model.runtime.Models;
import dev.lookalike.embed.model.runtime.OnnxModel;
import dev.lookalike.proto.image.v1.ModelReference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * The models of this instance, each with what runs it. Models share one {@link Turnstile}, since
 * each run uses all cores. Nothing is loaded before {@link #load}.
 */
public final class Embedders {
  private static final Logger LOG = Logger.getLogger(Embedders.class);

  /** Time between two looks at the model folders. */
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private final List<Path> folders;
  private final Optional<Path> directory;
  private final Supplier<Devices> probe;
  private final InferSettings settings;
  private final EmbedMetrics metrics;
  private final Turnstile turnstile = new Turnstile();
  private final ExecutorService decoders;
  private volatile Optional<Models> models = Optional.empty();
  private volatile List<Embedder> embedders = List.of();
  private volatile Runnable onMore = () -> {};
  private volatile boolean closed;

  /**
   * @param folders of the models, or graphs in them; the first is the default
   * @param directory of folders of models that may come later
   * @param probe finds the device that is asked for
   */
  public Embedders(
      List<Path> folders,
      Optional<Path> directory,
      Supplier<Devices> probe,
      InferSettings settings,
      EmbedMetrics metrics) {
    this.folders = List.copyOf(folders);
    this.directory = directory.map(Path::toAbsolutePath).map(Path::normalize);
    this.probe = probe;
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
    Devices devices = probe.get();
    devices.trouble().ifPresent(reason -> missing(devices, reason));
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

  /** What runs the model with these weights and this preprocessing, whatever it is called. */
  public Optional<Embedder> find(ModelReference wanted) {
    return models
        .flatMap(all -> all.find(wanted))
        .flatMap(model -> embedders.stream().filter(each -> each.model() == model).findFirst());
  }

  /** Threads for decoding and preprocessing of the bulk. */
  public ExecutorService decoders() {
    return decoders;
  }

  /** Ends the threads; sessions stay open: a run that is still going would crash the process. */
  public void close() {
    closed = true;
    decoders.shutdown();
  }
}
