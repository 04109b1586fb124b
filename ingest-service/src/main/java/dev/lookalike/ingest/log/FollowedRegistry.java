package dev.lookalike.ingest.log;

import dev.lookalike.ingest.collections.Registry;
import dev.lookalike.log.CollectionRegistry;
import dev.lookalike.log.RegistryView;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.jspecify.annotations.Nullable;

/** The registry as its topic tells it; empty, and not caught up, until it is started. */
public final class FollowedRegistry implements Registry, AutoCloseable {
  private static final RegistryView EMPTY = new RegistryView(List.of(), List.of(), List.of());

  private final KafkaSettings settings;
  private volatile @Nullable CollectionRegistry following;

  public FollowedRegistry(KafkaSettings settings) {
    this.settings = settings;
  }

  /** Starts following; once. */
  public void start() {
    Map<String, Object> kafka = new HashMap<>(settings.forClient());
    kafka.put(ConsumerConfig.CLIENT_ID_CONFIG, "lookalike-ingest-registry");
    following = new CollectionRegistry(kafka, this::changed);
  }

  private synchronized void changed() {
    notifyAll();
  }

  @Override
  public RegistryView view() {
    CollectionRegistry now = following;
    return now == null ? EMPTY : now.view();
  }

  @Override
  public boolean caughtUp() {
    CollectionRegistry now = following;
    return now != null && now.caughtUp();
  }

  @Override
  public long position() {
    CollectionRegistry now = following;
    return now == null ? 0 : now.position();
  }

  @Override
  public Optional<String> problem() {
    CollectionRegistry now = following;
    return now == null ? Optional.empty() : now.problem();
  }

  @Override
  public synchronized boolean await(BooleanSupplier reached, Duration atMost) {
    long deadline = System.nanoTime() + atMost.toNanos();
    try {
      while (!reached.getAsBoolean()) {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          return false;
        }
        wait(left);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void close() {
    CollectionRegistry now = following;
    if (now != null) {
      now.close();
    }
  }
}
