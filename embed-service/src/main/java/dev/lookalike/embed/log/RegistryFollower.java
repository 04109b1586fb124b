package dev.lookalike.embed.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.embed.builds.Offers;
import dev.lookalike.embed.builds.Reconciliation;
import dev.lookalike.embed.builds.ServedBuild;
import dev.lookalike.embed.builds.ServedBuilds;
import dev.lookalike.embed.infer.Embedders;
import dev.lookalike.log.CollectionRegistry;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.service.kafka.KafkaAdmin;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Follows the registry and the broker: binds collections that have no build to a model, keeps
 * {@link ServedBuilds} up to date, and takes away what is left of deleted collections. Works in a
 * thread of its own, which waits for the broker. Thread-safe.
 */
public final class RegistryFollower {
  private static final Logger LOG = Logger.getLogger(RegistryFollower.class);
  private static final Duration RETRY = Duration.ofMillis(200);
  private static final Duration WRITE = Duration.ofSeconds(10);

  private final KafkaAdmin admin;
  private final KafkaSettings settings;
  private final BuildTopics topics;
  private final Embedders embedders;
  private final ServedBuilds builds;
  private final Leftovers leftovers;
  private final Object change = new Object();
  private boolean changed;
  private volatile boolean closed;
  private volatile @Nullable CollectionRegistry registry;
  private @Nullable Thread thread;

  /**
   * @param builds decided by the thread of this follower alone
   */
  public RegistryFollower(
      KafkaAdmin admin,
      KafkaSettings settings,
      BuildTopics topics,
      Embedders embedders,
      ServedBuilds builds) {
    this.admin = admin;
    this.settings = settings;
    this.topics = topics;
    this.embedders = embedders;
    this.builds = builds;
    this.leftovers = new Leftovers(admin, key -> write(key, null));
  }

  /**
   * Starts following; once, after the models are loaded.
   *
   * @param onChange gets what is served after each change, from one thread; must not block for long
   */
  public void follow(Consumer<List<ServedBuild>> onChange) {
    Map<String, Object> kafka = settings.forClient();
    kafka.put("client.id", "lookalike-embed-registry");
    CollectionRegistry following = new CollectionRegistry(kafka, this::signalChange);
    registry = following;
    builds.follow(following::find);
    embedders.onMore(this::signalChange);
    thread = Thread.ofPlatform().name("registry").daemon().start(() -> keep(following, onChange));
  }

  private void signalChange() {
    synchronized (change) {
      changed = true;
      change.notifyAll();
    }
  }

  private void keep(CollectionRegistry following, Consumer<List<ServedBuild>> onChange) {
    boolean again = true;
    while (!closed) {
      Optional<String> now;
      try {
        admin.probe();
        if (!following.caughtUp()) {
          now =
              Optional.of(
                  "the registry of collections is not read yet"
                      + following.problem().map(why -> ": " + why).orElse(""));
        } else {
          if (takeChange() || again) {
            Reconciliation.Outcome outcome = reconciliation().of(following.all(), Instant.now());
            builds.decided(outcome);
            onChange.accept(outcome.served());
            again = !leftovers.remove(following.view().deleted()) || outcome.topicsRefused();
          }
          now = Optional.empty();
        }
      } catch (AuthenticationException | AuthorizationException e) {
        now =
            Optional.of(
                "the broker refuses this service: %s (docs/kafka.md lists what it needs)"
                    .formatted(e.getMessage()));
        again = true;
      } catch (KafkaException e) {
        now = Optional.of(String.valueOf(e.getMessage()));
        again = true;
      } catch (RuntimeException e) {
        LOG.error("cannot bind collections", e);
        now = Optional.of("cannot bind collections: " + e.getMessage());
        again = true;
      }
      if (!now.equals(builds.trouble())) {
        now.ifPresentOrElse(
            reason -> LOG.warnf("broker %s: %s", settings.bootstrapServers(), reason),
            () -> LOG.infof("broker %s is there", settings.bootstrapServers()));
        builds.tried(now);
      }
      pause(now.isPresent() ? RETRY : settings.probeEvery());
    }
  }

  private boolean takeChange() {
    synchronized (change) {
      boolean taken = changed;
      changed = false;
      return taken;
    }
  }

  private void pause(Duration duration) {
    synchronized (change) {
      if (changed && builds.trouble().isEmpty()) {
        return;
      }
      try {
        change.wait(duration.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        closed = true;
      }
    }
  }

  private Reconciliation reconciliation() {
    return new Reconciliation(
        Offers.of(embedders.models().orElseThrow()), embedders::find, topics::refusal, this::write);
  }

  private void write(Build build) {
    write(
        build.getCollectionId() + "/" + build.getId(),
        CollectionEvent.newBuilder().setBuild(build).build().toByteArray());
  }

  /** Writes a record of the registry; null: the key is forgotten. */
  private void write(String key, byte @Nullable [] value) {
    Map<String, Object> config = settings.forClient();
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    config.put(ProducerConfig.CLIENT_ID_CONFIG, "lookalike-embed-registrar");
    config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, WRITE.toMillis());
    config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) WRITE.toMillis() / 2);
    config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) WRITE.toMillis());
    config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 1L << 20);
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    try {
      producer
          .send(new ProducerRecord<>(Topics.COLLECTIONS, key.getBytes(UTF_8), value))
          .get(WRITE.toMillis() + 1000, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new KafkaException("the registry record " + key + " was not written", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted", e);
    } finally {
      producer.close(Duration.ZERO);
    }
  }

  /** Stops following. */
  public void close() {
    closed = true;
    Thread keeping = thread;
    if (keeping != null) {
      keeping.interrupt();
    }
    CollectionRegistry following = registry;
    if (following != null) {
      following.close();
    }
  }
}
