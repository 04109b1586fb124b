package dev.lookalike.ingest.collections;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Timestamp;
import dev.lookalike.ingest.server.ErrorCode;
import dev.lookalike.ingest.server.RefusedException;
import dev.lookalike.ingest.stream.Append;
import dev.lookalike.ingest.stream.Broker;
import dev.lookalike.ingest.stream.LogWriter;
import dev.lookalike.log.CollectionRegistry;
import dev.lookalike.log.CollectionState;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The collections. Follows the registry, creates {@code default} when the registry has none, and
 * whatever clients ask for. Thread-safe.
 */
@Singleton
public class Collections {
  private static final Logger LOG = Logger.getLogger(Collections.class);
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");
  private static final Pattern MODEL = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

  /**
   * The id of the {@code default} collection that a first start creates: fixed, so that instances
   * that start together create one and the same.
   */
  private static final String DEFAULT_ID = "default00001";

  private static final String ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
  private static final int ID_LENGTH = 12;
  private static final Duration REGISTRY = Duration.ofSeconds(10);
  private static final int MIN_BYTES = 1 << 16;
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_PARTITIONS = 1024;

  private final Broker broker;
  private final LogWriter writer;
  private final CollectionSettings settings;
  private final ReentrantLock creating = new ReentrantLock();
  private final SecureRandom random = new SecureRandom();
  private volatile @Nullable CollectionRegistry registry;
  private volatile Optional<String> mismatch = Optional.empty();
  private final Set<String> verified = ConcurrentHashMap.newKeySet();

  public Collections(Broker broker, LogWriter writer, CollectionSettings settings) {
    this.broker = broker;
    this.writer = writer;
    this.settings = settings;
  }

  /**
   * What the creator of a collection asks for.
   *
   * @param model empty: the first that is served
   * @param bounds zero fields: the service's defaults
   * @param partitions 0: the service's default
   */
  public record Wanted(
      String name,
      String model,
      CanonicalBounds bounds,
      Optional<Boolean> keepOriginals,
      int partitions) {}

  void start(@Observes StartupEvent event) {
    registry = new CollectionRegistry(broker.clientSettings(), this::changed);
    broker.watch(this::prepare);
  }

  private void changed() {
    synchronized (this) {
      notifyAll();
    }
  }

  /** Runs after each answer of the broker, so that whatever was missing is made up for. */
  private void prepare() {
    CollectionRegistry following = registry();
    if (!following.caughtUp()) {
      broker.createRegistryTopic();
      awaitRegistry(following::caughtUp, Duration.ofSeconds(1));
    }
    if (following.caughtUp() && following.find(CollectionRegistry.DEFAULT).isEmpty()) {
      LOG.info("creating the collection default");
      create(
          DEFAULT_ID,
          new Wanted(
              CollectionRegistry.DEFAULT,
              "",
              CanonicalBounds.getDefaultInstance(),
              Optional.empty(),
              0));
    }
    for (CollectionState state : following.all()) {
      verify(state.collection());
    }
  }

  /** A topic with other partitions than agreed would send images of one id to two places. */
  private void verify(Collection collection) {
    if (verified.contains(collection.getId())) {
      return;
    }
    int agreed = collection.getPartitions();
    for (String topic :
        List.of(Topics.images(collection.getId()), Topics.annotations(collection.getId()))) {
      Optional<Integer> found = broker.partitions(topic);
      if (found.isEmpty()) {
        broker.createTopics(collection.getId(), agreed);
      } else if (found.get() != agreed) {
        mismatch =
            Optional.of(
                "topic %s has %d partitions, the registry says %d"
                    .formatted(topic, found.get(), agreed));
        LOG.error(mismatch.get());
        return;
      }
    }
    verified.add(collection.getId());
  }

  /** Why nothing can be accepted; empty when it can. */
  public Optional<String> trouble() {
    if (!registry().caughtUp()) {
      return Optional.of("the registry of collections is not read yet");
    }
    if (registry().find(CollectionRegistry.DEFAULT).isEmpty()) {
      return Optional.of("the collection default is not created yet");
    }
    return mismatch;
  }

  /**
   * By name or id; empty: default.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, BROKER_UNAVAILABLE before the registry is read
   */
  public CollectionState get(String nameOrId) {
    Optional<CollectionState> found = registry().find(nameOrId);
    if (found.isPresent()) {
      return found.get();
    }
    if (!registry().caughtUp()) {
      throw new RefusedException(
          ErrorCode.BROKER_UNAVAILABLE, "the registry of collections is not read yet");
    }
    throw new RefusedException(
        ErrorCode.COLLECTION_NOT_FOUND,
        nameOrId.length() <= 64 && NAME.matcher(nameOrId).matches()
            ? "no collection \"" + nameOrId + "\""
            : "no such collection");
  }

  /** All, by name. */
  public List<CollectionState> all() {
    if (!registry().caughtUp()) {
      throw new RefusedException(
          ErrorCode.BROKER_UNAVAILABLE, "the registry of collections is not read yet");
    }
    return registry().all();
  }

  /**
   * Creates a collection and waits until the registry tells of it.
   *
   * @throws RefusedException INVALID_COLLECTION_NAME, INVALID_ARGUMENT, COLLECTION_EXISTS,
   *     BROKER_UNAVAILABLE
   */
  public CollectionState create(Wanted wanted) {
    if (!NAME.matcher(wanted.name()).matches()) {
      throw new RefusedException(
          ErrorCode.INVALID_COLLECTION_NAME, "a collection's name matches " + NAME.pattern());
    }
    if (!registry().caughtUp()) {
      throw new RefusedException(
          ErrorCode.BROKER_UNAVAILABLE, "the registry of collections is not read yet");
    }
    StringBuilder id = new StringBuilder();
    for (int i = 0; i < ID_LENGTH; i++) {
      id.append(ID_ALPHABET.charAt(random.nextInt(ID_ALPHABET.length())));
    }
    return create(id.toString(), wanted);
  }

  private CollectionState create(String id, Wanted wanted) {
    Collection collection = describe(id, wanted);
    // One at a time, and each waits until the registry shows it: a name is free or taken.
    creating.lock();
    try {
      return createAlone(id, wanted, collection);
    } finally {
      creating.unlock();
    }
  }

  private CollectionState createAlone(String id, Wanted wanted, Collection collection) {
    if (registry().find(wanted.name()).isPresent()) {
      throw new RefusedException(
          ErrorCode.COLLECTION_EXISTS, "collection \"" + wanted.name() + "\" exists");
    }
    broker.createTopics(id, collection.getPartitions());
    writer.append(
        new Append(
            Topics.COLLECTIONS,
            0,
            id.getBytes(UTF_8),
            CollectionEvent.newBuilder().setCollection(collection).build().toByteArray()));
    if (!awaitRegistry(() -> registry().find(id).isPresent(), REGISTRY)) {
      throw new RefusedException(
          ErrorCode.BROKER_UNAVAILABLE, "the collection is created but not yet told of");
    }
    return registry().find(id).orElseThrow();
  }

  private Collection describe(String id, Wanted wanted) {
    if (!wanted.model().isEmpty() && !MODEL.matcher(wanted.model()).matches()) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "model: an id matches " + MODEL.pattern());
    }
    int partitions = wanted.partitions() == 0 ? settings.partitions() : wanted.partitions();
    requireRange("partitions", partitions, 1, MAX_PARTITIONS);
    CanonicalBounds asked = wanted.bounds();
    CanonicalBounds bounds =
        CanonicalBounds.newBuilder()
            .setShortSide(orDefault(asked.getShortSide(), settings.shortSide()))
            .setLongSide(orDefault(asked.getLongSide(), settings.longSide()))
            .setJpegQuality(orDefault(asked.getJpegQuality(), settings.jpegQuality()))
            .setMaxBytes(orDefault(asked.getMaxBytes(), (int) settings.maxBytes().asLongValue()))
            .build();
    requireRange("bounds.short_side", bounds.getShortSide(), 256, 1024);
    requireRange("bounds.long_side", bounds.getLongSide(), 256, 16_384);
    requireRange("bounds.jpeg_quality", bounds.getJpegQuality(), 50, 100);
    requireRange("bounds.max_bytes", bounds.getMaxBytes(), MIN_BYTES, MAX_BYTES);
    if (bounds.getLongSide() < bounds.getShortSide()) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "bounds.long_side is less than bounds.short_side");
    }
    Instant now = Instant.now();
    return Collection.newBuilder()
        .setId(id)
        .setName(wanted.name())
        .setGeneration(1)
        .setPartitions(partitions)
        .setBounds(bounds)
        .setKeepOriginals(wanted.keepOriginals().orElse(settings.keepOriginals()))
        .setModel(wanted.model())
        .setCreatedAt(
            Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()))
        .build();
  }

  private static int orDefault(int asked, int otherwise) {
    return asked == 0 ? otherwise : asked;
  }

  private static void requireRange(String field, int value, int min, int max) {
    if (value < min || value > max) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "%s is %d to %d".formatted(field, min, max));
    }
  }

  /** Waits for the registry's word; holds the monitor only while it looks. */
  private synchronized boolean awaitRegistry(BooleanSupplier reached, Duration atMost) {
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

  private CollectionRegistry registry() {
    CollectionRegistry following = registry;
    if (following == null) {
      throw new RefusedException(ErrorCode.BROKER_UNAVAILABLE, "the service is starting");
    }
    return following;
  }

  @PreDestroy
  void close() {
    CollectionRegistry following = registry;
    if (following != null) {
      following.close();
    }
  }
}
