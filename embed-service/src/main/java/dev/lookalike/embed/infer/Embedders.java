package dev.lookalike.embed.infer;

import dev.lookalike.embed.model.BuiltInModel;
import dev.lookalike.embed.model.ModelSettings;
import dev.lookalike.embed.model.Models;
import dev.lookalike.embed.server.EmbedMetrics;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The models of this instance, each with what runs it. Models share one {@link Turnstile}, since
 * each run uses all cores. Nothing is loaded before {@link #load}.
 */
@Singleton
public class Embedders {
  private final ModelSettings modelSettings;
  private final InferSettings settings;
  private final EmbedMetrics metrics;
  private final Turnstile turnstile = new Turnstile();
  private final ExecutorService decoders;
  private volatile Optional<Models> models = Optional.empty();
  private volatile List<Embedder> embedders = List.of();

  public Embedders(ModelSettings modelSettings, InferSettings settings, EmbedMetrics metrics) {
    this.modelSettings = modelSettings;
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

  /** Loads the models; takes a moment. Once. */
  public void load() {
    List<Path> folders = new ArrayList<>();
    modelSettings.models().orElse(List.of()).forEach(f -> folders.add(Path.of(f.strip())));
    Models loaded;
    try (BuiltInModel builtIn = BuiltInModel.write()) {
      folders.add(builtIn.folder());
      loaded = Models.load(folders, orCores(settings.threads()));
    } catch (IOException e) {
      throw new UncheckedIOException("the built-in model cannot be written", e);
    }
    List<Embedder> ready = new ArrayList<>();
    loaded.served().forEach(model -> ready.add(new Embedder(model, turnstile, metrics, settings)));
    embedders = List.copyOf(ready);
    models = Optional.of(loaded);
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
    // Sessions stay open: a run that is still going would crash the process, and it ends anyway.
    decoders.shutdown();
  }
}
