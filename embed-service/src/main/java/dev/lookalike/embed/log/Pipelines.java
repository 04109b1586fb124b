package dev.lookalike.embed.log;

import dev.lookalike.embed.infer.Embedders;
import dev.lookalike.embed.log.Bindings.Binding;
import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.proto.events.v1.BuildState;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** One pipeline for each build that is served. Thread-safe. */
@Singleton
public class Pipelines {
  /** A batch of a slow model, and its transaction. */
  private static final Duration DRAIN = Duration.ofSeconds(8);

  private final Broker broker;
  private final StreamSettings settings;
  private final SlotSettings slot;
  private final Embedders embedders;
  private final EmbedMetrics metrics;
  private final Classifiers classifiers;
  private final ExistingImages existing;
  private final Map<String, Pipeline> running = new HashMap<>();
  private boolean closed;

  /** A pipeline that does not stream now. */
  public record Trouble(String collection, String reason) {}

  public Pipelines(
      Broker broker,
      StreamSettings settings,
      SlotSettings slot,
      Embedders embedders,
      EmbedMetrics metrics,
      Classifiers classifiers,
      ExistingImages existing) {
    this.broker = broker;
    this.settings = settings;
    this.slot = slot;
    this.embedders = embedders;
    this.metrics = metrics;
    this.classifiers = classifiers;
    this.existing = existing;
  }

  /**
   * Starts what is served and does not run, stops what runs and is not served any more. An instance
   * for query images only knows what collections are taught.
   */
  public synchronized void serve(List<Binding> served) {
    if (closed) {
      return;
    }
    classifiers.follow(
        served.stream().map(each -> each.collection().getId()).collect(Collectors.toSet()));
    if (slot.role() == SlotSettings.Role.ONLINE) {
      return;
    }
    existing.start(this::shares);
    Map<String, Binding> wanted = new HashMap<>();
    served.forEach(
        binding ->
            wanted.put(binding.collection().getId() + "/" + binding.build().getId(), binding));
    List<Pipeline> ending = new ArrayList<>();
    running
        .entrySet()
        .removeIf(
            entry -> {
              boolean stays = wanted.containsKey(entry.getKey());
              if (!stays) {
                ending.add(entry.getValue());
              }
              return !stays;
            });
    end(ending);
    wanted.forEach(
        (key, binding) -> {
          if (!running.containsKey(key)) {
            Pipeline pipeline =
                new Pipeline(
                    binding,
                    broker.clientSettings(),
                    settings,
                    slot.slot(),
                    embedders.decoders(),
                    metrics,
                    classifiers);
            running.put(key, pipeline);
            pipeline.start();
          }
        });
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
                                new Trouble(pipeline.binding().collection().getName(), reason))));
    return troubles;
  }

  /** What the pipelines of live builds have. */
  private synchronized List<ExistingImages.Share> shares() {
    return running.values().stream()
        .filter(each -> each.binding().build().getState() == BuildState.BUILD_STATE_LIVE)
        .map(Pipeline::share)
        .toList();
  }

  /** Records without outcome, of the partitions of this instance. */
  public synchronized long lag() {
    return running.values().stream().mapToLong(Pipeline::lag).sum();
  }

  public synchronized int count() {
    return running.size();
  }

  private static void end(List<Pipeline> pipelines) {
    pipelines.forEach(Pipeline::stop);
    pipelines.forEach(pipeline -> pipeline.join(DRAIN));
  }

  /** Lets each finish its transaction. */
  @PreDestroy
  synchronized void close() {
    closed = true;
    end(List.copyOf(running.values()));
    running.clear();
  }
}
