package dev.lookalike.embed.log;

import dev.lookalike.embed.builds.ServedBuild;
import dev.lookalike.embed.builds.ServedChange;
import dev.lookalike.embed.infer.Embedders;
import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.stage.EmbedStage;
import dev.lookalike.embed.stage.FailedShare;
import dev.lookalike.embed.teaching.Share;
import dev.lookalike.embed.teaching.TaughtCollections;
import dev.lookalike.proto.events.v1.BuildState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** One pipeline for each build that is served. Thread-safe. */
public final class Pipelines {
  /** A batch of a slow model, and its transaction. */
  private static final Duration DRAIN = Duration.ofSeconds(8);

  private final KafkaSettings kafka;
  private final StreamSettings settings;
  private final SlotSettings slot;
  private final Embedders embedders;
  private final EmbedMetrics metrics;
  private final TaughtCollections taught;
  private final ClassifierReader classifiers;
  private final ExistingImages existing;
  private final Map<String, Pipeline> running = new HashMap<>();
  private boolean closed;

  /** A pipeline that does not stream now. */
  public record Trouble(String collection, String reason) {}

  public Pipelines(
      KafkaSettings kafka,
      StreamSettings settings,
      SlotSettings slot,
      Embedders embedders,
      EmbedMetrics metrics,
      TaughtCollections taught,
      ClassifierReader classifiers,
      ExistingImages existing) {
    this.kafka = kafka;
    this.settings = settings;
    this.slot = slot;
    this.embedders = embedders;
    this.metrics = metrics;
    this.taught = taught;
    this.classifiers = classifiers;
    this.existing = existing;
  }

  /**
   * Starts what is served and does not run, stops what runs and is not served any more. An instance
   * for query images only learns what collections are taught.
   */
  public synchronized void serve(List<ServedBuild> served) {
    if (closed) {
      return;
    }
    classifiers.follow(
        served.stream().map(each -> each.collection().getId()).collect(Collectors.toSet()));
    if (slot.role() == SlotSettings.Role.ONLINE) {
      return;
    }
    existing.start(this::shares);
    ServedChange change = ServedChange.of(running.keySet(), served);
    List<Pipeline> ending =
        running.entrySet().stream()
            .filter(entry -> change.ending().contains(entry.getKey()))
            .map(Map.Entry::getValue)
            .toList();
    running.keySet().removeAll(change.ending());
    end(ending);
    change
        .starting()
        .forEach(
            (key, build) -> {
              Pipeline pipeline = pipeline(build);
              running.put(key, pipeline);
              pipeline.start();
            });
  }

  private Pipeline pipeline(ServedBuild served) {
    return new Pipeline(
        served,
        new StreamClients(served.build(), kafka.forClient(), settings, slot.slot()),
        new EmbedStage(served.embedder(), embedders.decoders(), metrics),
        new FailedShare(settings.maxFailedShare()),
        metrics,
        taught);
  }

  /** Those that do not stream now, with the reason. */
  public synchronized List<Trouble> troubles() {
    List<Trouble> troubles = new ArrayList<>();
    running
        .values()
        .forEach(
            pipeline ->
                pipeline
                    .trouble()
                    .ifPresent(
                        reason ->
                            troubles.add(
                                new Trouble(pipeline.served().collection().getName(), reason))));
    return troubles;
  }

  /** What the pipelines of live builds have. */
  private synchronized List<Share> shares() {
    return running.values().stream()
        .filter(each -> each.served().build().getState() == BuildState.BUILD_STATE_LIVE)
        .map(Pipeline::share)
        .toList();
  }

  /** Records without outcome, of the partitions of this instance. */
  public synchronized long lag() {
    return running.values().stream().mapToLong(Pipeline::lag).sum();
  }

  /** Pipelines that run. */
  public synchronized int count() {
    return running.size();
  }

  private static void end(List<Pipeline> pipelines) {
    pipelines.forEach(Pipeline::stop);
    pipelines.forEach(pipeline -> pipeline.join(DRAIN));
  }

  /** Lets each finish its transaction. */
  public synchronized void close() {
    closed = true;
    end(List.copyOf(running.values()));
    running.clear();
  }
}
