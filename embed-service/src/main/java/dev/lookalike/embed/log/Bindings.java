package dev.lookalike.embed.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Timestamp;
import dev.lookalike.embed.infer.Embedder;
import dev.lookalike.embed.infer.Embedders;
import dev.lookalike.embed.model.Models;
import dev.lookalike.embed.model.OnnxModel;
import dev.lookalike.log.CollectionRegistry;
import dev.lookalike.log.CollectionState;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.proto.image.v1.ModelReference;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
 * Follows the registry, binds collections that have no build to a model, and tells which builds
 * this instance serves. Works in a thread of its own, that waits for the broker. Thread-safe.
 */
@Singleton
public class Bindings {
  private static final Logger LOG = Logger.getLogger(Bindings.class);
  private static final Duration RETRY = Duration.ofMillis(200);

  /** From the registry's word to the binding: the making of a topic. */
  private static final Duration COMING = Duration.ofSeconds(2);

  private static final Duration WRITE = Duration.ofSeconds(10);

  private final Broker broker;
  private final KafkaSettings settings;
  private final Embedders embedders;
  private final Leftovers leftovers;
  private final Object change = new Object();
  private boolean changed;

  /** Whether a topic was missing or not as needed when it was last decided; of the one thread. */
  private boolean topicsRefused;

  /** Notified when it is decided anew what is served. */
  private final Object decision = new Object();

  private volatile boolean closed;
  private volatile Optional<String> trouble = Optional.of("the broker was not asked yet");
  private volatile List<Binding> served = List.of();
  private volatile List<Unserved> unserved = List.of();
  private volatile @Nullable CollectionRegistry registry;
  private @Nullable Thread thread;

  /** A build that this instance serves. */
  public record Binding(Collection collection, Build build, Embedder embedder) {}

  /**
   * A collection that nothing here is computed for, and why.
   *
   * @param collection its name
   */
  public record Unserved(String collectionId, String collection, String reason) {}

  public Bindings(Broker broker, KafkaSettings settings, Embedders embedders) {
    this.broker = broker;
    this.settings = settings;
    this.embedders = embedders;
    this.leftovers = new Leftovers(broker, key -> write(key, null));
  }

  /**
   * Starts following; once, after the models are loaded.
   *
   * @param onChange gets what is served after each change, from one thread; must not block for long
   */
  public void follow(Consumer<List<Binding>> onChange) {
    Map<String, Object> kafka = broker.clientSettings();
    kafka.put("client.id", "lookalike-embed-registry");
    CollectionRegistry following = new CollectionRegistry(kafka, this::signalChange);
    registry = following;
    embedders.onMore(this::signalChange);
    thread = Thread.ofPlatform().name("bindings").daemon().start(() -> keep(following, onChange));
  }

  /** Why broker or registry cannot be used; empty when they can. */
  public Optional<String> trouble() {
    return trouble;
  }

  public List<Binding> served() {
    return served;
  }

  public List<Unserved> unserved() {
    return unserved;
  }

  /** A collection by name or id, as the registry tells it. */
  public Optional<CollectionState> find(String nameOrId) {
    CollectionRegistry following = registry;
    return following == null ? Optional.empty() : following.find(nameOrId);
  }

  /**
   * The binding of a collection: to the build of this id, or where that is empty to the live one.
   */
  public Optional<Binding> binding(String collectionId, String buildId) {
    return served.stream()
        .filter(binding -> binding.collection().getId().equals(collectionId))
        .filter(
            binding ->
                buildId.isEmpty()
                    ? binding.build().getState() == BuildState.BUILD_STATE_LIVE
                    : binding.build().getId().equals(buildId))
        .findFirst();
  }

  /**
   * The same, and waits a little for a binding that is just coming: of a collection that the
   * registry tells of, and of which it is not decided yet whether it is served.
   */
  public Optional<Binding> awaitBinding(String collectionId, String buildId) {
    long deadline = System.nanoTime() + COMING.toNanos();
    synchronized (decision) {
      while (true) {
        Optional<Binding> found = binding(collectionId, buildId);
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (found.isPresent()
            || left <= 0
            || find(collectionId).isEmpty()
            || unserved.stream().anyMatch(each -> each.collectionId().equals(collectionId))) {
          return found;
        }
        try {
          decision.wait(left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return found;
        }
      }
    }
  }

  private void signalChange() {
    synchronized (change) {
      changed = true;
      change.notifyAll();
    }
  }

  private void keep(CollectionRegistry following, Consumer<List<Binding>> onChange) {
    boolean again = true;
    while (!closed) {
      Optional<String> now;
      try {
        broker.probe();
        if (!following.caughtUp()) {
          now =
              Optional.of(
                  "the registry of collections is not read yet"
                      + following.problem().map(why -> ": " + why).orElse(""));
        } else {
          if (takeChange() || again) {
            reconcile(following);
            onChange.accept(served);
            // Somebody mends a topic without a word of the registry.
            again = !leftovers.remove(following.view().deleted()) || topicsRefused;
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
      if (!now.equals(trouble)) {
        now.ifPresentOrElse(
            reason -> LOG.warnf("broker %s: %s", settings.bootstrapServers(), reason),
            () -> LOG.infof("broker %s is there", settings.bootstrapServers()));
        trouble = now;
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
      if (changed && trouble.isEmpty()) {
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

  private void reconcile(CollectionRegistry following) {
    Models models = embedders.models().orElseThrow();
    topicsRefused = false;
    List<Binding> nowServed = new ArrayList<>();
    List<Unserved> nowUnserved = new ArrayList<>();
    for (CollectionState state : following.all()) {
      Collection collection = state.collection();
      List<Build> builds =
          state.builds().values().stream()
              .filter(
                  build ->
                      build.getState() == BuildState.BUILD_STATE_LIVE
                          || build.getState() == BuildState.BUILD_STATE_BUILDING)
              .toList();
      if (state.live().isEmpty()) {
        bind(collection, models)
            .ifPresent(
                reason ->
                    nowUnserved.add(
                        new Unserved(collection.getId(), collection.getName(), reason)));
      }
      for (Build build : builds) {
        Optional<Embedder> embedder =
            models
                .find(build.getModel())
                .flatMap(
                    model ->
                        embedders.all().stream().filter(each -> each.model() == model).findFirst());
        Optional<String> refusal =
            embedder.isPresent()
                ? embeddingsTopicRefusal(collection, build)
                : Optional.of(notServed(build.getModel(), models));
        if (refusal.isPresent()) {
          nowUnserved.add(new Unserved(collection.getId(), collection.getName(), refusal.get()));
        } else {
          nowServed.add(new Binding(collection, build, embedder.orElseThrow()));
        }
      }
    }
    if (!nowUnserved.equals(unserved)) {
      nowUnserved.forEach(
          each -> LOG.warnf("collection %s is not served: %s", each.collection(), each.reason()));
    }
    synchronized (decision) {
      unserved = List.copyOf(nowUnserved);
      served = List.copyOf(nowServed);
      decision.notifyAll();
    }
  }

  private static String notServed(ModelReference wanted, Models models) {
    return "it is bound to model %s (digest %s, preprocessing %s), which is not served here; served: %s"
        .formatted(
            wanted.getId(),
            abbreviated(wanted.getDigest()),
            wanted.getPreprocessingVersion(),
            served(models));
  }

  private static String served(Models models) {
    return models.served().isEmpty()
        ? "none"
        : String.join(
            ", ",
            models.served().stream()
                .map(
                    model ->
                        "%s (digest %s, preprocessing %s)"
                            .formatted(
                                model.reference().getId(),
                                abbreviated(model.reference().getDigest()),
                                model.reference().getPreprocessingVersion()))
                .toList());
  }

  private static String abbreviated(String digest) {
    return digest.substring(0, Math.min(12, digest.length()));
  }

  /** Creates the topic of the build; tells why it, or the images' one, cannot be used. */
  private Optional<String> embeddingsTopicRefusal(Collection collection, Build build) {
    Optional<String> refusal =
        broker
            .imagesTopicProblem(collection.getId(), collection.getPartitions())
            .or(
                () ->
                    broker.provideEmbeddingsTopic(
                        collection.getId(), build.getId(), collection.getPartitions()));
    topicsRefused |= refusal.isPresent();
    return refusal;
  }

  /** Binds a collection that has no live build; tells why it cannot be bound. */
  private Optional<String> bind(Collection collection, Models models) {
    Optional<OnnxModel> named = models.named(collection.getModel());
    Optional<ModelReference> model = named.map(OnnxModel::reference);
    if (model.isEmpty()) {
      return Optional.of(
          collection.getModel().isEmpty()
              ? "the default model is not served"
              : "it asks for model %s, which is not served here; served: %s"
                  .formatted(collection.getModel(), served(models)));
    }
    Optional<String> pixels =
        pixelsRefusal(
            collection,
            model.get().getId(),
            named.get().preprocessor().output().width(),
            named.get().preprocessor().output().height());
    if (pixels.isPresent()) {
      return pixels;
    }
    Build build =
        Build.newBuilder()
            .setId(buildId(model.get(), collection.getGeneration()))
            .setCollectionId(collection.getId())
            .setGeneration(collection.getGeneration())
            .setModel(model.get())
            .setState(BuildState.BUILD_STATE_LIVE)
            .setCreatedAt(Timestamp.newBuilder().setSeconds(Instant.now().getEpochSecond()))
            .build();
    // The topic is there before anybody hears of the build.
    Optional<String> refusal = embeddingsTopicRefusal(collection, build);
    if (refusal.isPresent()) {
      return refusal;
    }
    write(
        collection.getId() + "/" + build.getId(),
        CollectionEvent.newBuilder().setBuild(build).build().toByteArray());
    LOG.infof(
        "collection %s is bound to model %s: build %s",
        collection.getName(), model.get().getId(), build.getId());
    return Optional.empty();
  }

  /** Replay cannot bring pixels back: a model that wants more than are kept must be asked for. */
  static Optional<String> pixelsRefusal(Collection collection, String id, int width, int height) {
    int shortSide = collection.getBounds().getShortSide();
    int longSide = collection.getBounds().getLongSide();
    boolean fits =
        (shortSide == 0 || Math.min(width, height) <= shortSide)
            && (longSide == 0 || Math.max(width, height) <= longSide);
    return fits || collection.getAcceptSmallerImages()
        ? Optional.empty()
        : Optional.of(
            ("model %s wants images of %d x %d pixels, the collection keeps them with a short side of %d and a"
                    + " long side of %d at most, and was not created with accept_smaller_images")
                .formatted(id, width, height, shortSide, longSide));
  }

  /** The same for the same weights, preprocessing and generation, on any instance. */
  static String buildId(ModelReference model, int generation) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(
                  (model.getDigest() + "/" + model.getPreprocessingVersion() + "/" + generation)
                      .getBytes(UTF_8));
      return HexFormat.of().formatHex(hash).substring(0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Writes a record of the registry; null: the key is forgotten. */
  private void write(String key, byte @Nullable [] value) {
    Map<String, Object> config = new HashMap<>(broker.clientSettings());
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

  /** Ids of the builds that a model serves. */
  public Set<String> buildsOf(Embedder embedder) {
    Set<String> ids = new java.util.TreeSet<>();
    served.stream()
        .filter(binding -> binding.embedder() == embedder)
        .forEach(binding -> ids.add(binding.build().getId()));
    return ids;
  }

  @PreDestroy
  void close() {
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
