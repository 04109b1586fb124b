package dev.lookalike.ingest.collections;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Timestamp;
import dev.lookalike.ingest.client.EmbedClient;
import dev.lookalike.ingest.client.QueryClient;
import dev.lookalike.ingest.log.Append;
import dev.lookalike.ingest.log.Broker;
import dev.lookalike.ingest.log.LogWriter;
import dev.lookalike.log.CollectionRegistry;
import dev.lookalike.log.CollectionState;
import dev.lookalike.log.RegistryView;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionDeleted;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.proto.ingest.v1.CollectionCounts;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.regex.Pattern;
import org.apache.kafka.common.KafkaException;
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
   * The id of the {@code default} collection that a first start creates, and of those that follow
   * when it is deleted or renamed: counted, so that instances that start together create one and
   * the same.
   */
  private static final String DEFAULT_ID = "default%05d";

  private static final String ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
  private static final int ID_LENGTH = 12;
  private static final Duration REGISTRY = Duration.ofSeconds(10);

  /** Between two looks whether the index of a new collection answers. */
  private static final Duration LOOK = Duration.ofMillis(30);

  private static final String INDEX_SILENT = "its index does not answer yet";
  private static final int MIN_BYTES = 1 << 16;
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_PARTITIONS = 1024;

  private final Broker broker;
  private final LogWriter writer;
  private final CollectionSettings settings;
  private final EmbedClient models;
  private final QueryClient search;
  private final Leftovers leftovers;
  private final ReentrantLock writing = new ReentrantLock();
  private final SecureRandom random = new SecureRandom();
  private volatile @Nullable CollectionRegistry registry;
  private volatile Optional<String> mismatch = Optional.empty();
  private volatile boolean hadDefault;
  private volatile boolean registryVerified;
  private final Set<String> verified = ConcurrentHashMap.newKeySet();

  public Collections(
      Broker broker,
      LogWriter writer,
      CollectionSettings settings,
      EmbedClient models,
      QueryClient search,
      Leftovers leftovers) {
    this.broker = broker;
    this.writer = writer;
    this.settings = settings;
    this.models = models;
    this.search = search;
    this.leftovers = leftovers;
  }

  /**
   * What the creator of a collection asks for.
   *
   * @param model empty: the first that is served
   * @param bounds zero fields: the service's defaults
   * @param partitions 0: the service's default
   * @param acceptSmallerImages whether the model may want larger images than the bounds leave
   */
  public record Wanted(
      String name,
      String model,
      CanonicalBounds bounds,
      Optional<Boolean> keepOriginals,
      int partitions,
      boolean acceptSmallerImages) {}

  /**
   * A collection with what other services say of it.
   *
   * @param problem why no model is bound, or why it cannot be searched, where that is known
   * @param counts empty where the query service does not tell
   */
  public record Described(
      CollectionState state, Optional<String> problem, Optional<CollectionCounts> counts) {}

  void start(@Observes StartupEvent event) {
    Map<String, Object> kafka = broker.clientSettings();
    kafka.put("client.id", "lookalike-ingest-registry");
    registry = new CollectionRegistry(kafka, this::changed);
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
    if (!registryVerified) {
      broker.provideRegistryTopic().ifPresent(Collections::requireMended);
      registryVerified = true;
    }
    if (!following.caughtUp()) {
      broker.warnOfTopicsMadeByItself();
      awaitRegistry(following::caughtUp, Duration.ofSeconds(1));
    }
    if (!following.caughtUp()) {
      return;
    }
    settle(following);
    if (following.find(CollectionRegistry.DEFAULT).isEmpty()) {
      LOG.info("creating the collection default");
      create(
          nextDefaultId(following.view()),
          new Wanted(
              CollectionRegistry.DEFAULT,
              "",
              CanonicalBounds.getDefaultInstance(),
              Optional.empty(),
              0,
              false));
    }
    hadDefault = true;
    RegistryView view = following.view();
    mismatch =
        view.collections().stream()
            .flatMap(state -> verify(state.collection()).stream())
            .findFirst();
    leftovers.remove(view.deleted());
  }

  /** Nothing can be done before somebody does it. */
  private static void requireMended(String problem) {
    throw new RefusedException(ErrorCode.TOPICS_NOT_READY, problem);
  }

  private static String nextDefaultId(RegistryView view) {
    return firstUnused(view, DEFAULT_ID::formatted);
  }

  private static String firstUnused(RegistryView view, IntFunction<String> ids) {
    Set<String> used = new HashSet<>();
    view.collections().forEach(state -> used.add(state.collection().getId()));
    view.deleted().forEach(deleted -> used.add(deleted.id()));
    view.late().forEach(late -> used.add(late.collection().getId()));
    int number = 1;
    while (used.contains(ids.apply(number))) {
      number++;
    }
    return ids.apply(number);
  }

  /**
   * Random where topics are created here. Where somebody else creates them the id must be the same
   * when the creation is asked for again: it is made of the name.
   */
  private String newId(String name) {
    return broker.createsTopics()
        ? id(index -> random.nextInt(ID_ALPHABET.length()))
        : firstUnused(
            registry().view(),
            number -> {
              byte[] hash = hash(name + "/" + number);
              return id(index -> Byte.toUnsignedInt(hash[index]) % ID_ALPHABET.length());
            });
  }

  private static byte[] hash(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String id(IntUnaryOperator letters) {
    StringBuilder id = new StringBuilder();
    for (int i = 0; i < ID_LENGTH; i++) {
      id.append(ID_ALPHABET.charAt(letters.applyAsInt(i)));
    }
    return id.toString();
  }

  /**
   * Writes into the registry what its readers see anyway: of two that asked for one name at once,
   * the later is not created, or keeps the name that it had; what is deleted stays so.
   */
  private void settle(CollectionRegistry following) {
    RegistryView view = following.view();
    List<Append> records = new ArrayList<>();
    view.late()
        .forEach(
            late ->
                records.add(
                    late.renamed()
                        ? record(late.collection())
                        : deletion(late.collection().getId())));
    view.deleted().stream()
        .filter(RegistryView.Deleted::overwritten)
        .forEach(deleted -> records.add(deletion(deleted.id())));
    if (!records.isEmpty()) {
      awaitRead(writer.appendAll(records).getLast());
    }
  }

  private static Append record(Collection collection) {
    return new Append(
        Topics.COLLECTIONS,
        0,
        collection.getId().getBytes(UTF_8),
        CollectionEvent.newBuilder().setCollection(collection).build().toByteArray());
  }

  private static Append deletion(String id) {
    return new Append(
        Topics.COLLECTIONS,
        0,
        id.getBytes(UTF_8),
        CollectionEvent.newBuilder()
            .setDeleted(CollectionDeleted.newBuilder().setDeletedAt(now()))
            .build()
            .toByteArray());
  }

  private static Timestamp now() {
    Instant now = Instant.now();
    return Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()).build();
  }

  /**
   * A topic with other partitions than agreed would send images of one id to two places, one that
   * deletes by age would lose them.
   */
  private Optional<String> verify(Collection collection) {
    if (verified.contains(collection.getId())) {
      return Optional.empty();
    }
    Optional<String> problem = broker.provideTopics(collection.getId(), collection.getPartitions());
    if (problem.isPresent()) {
      if (!problem.equals(mismatch)) {
        LOG.error(problem.get());
      }
      return problem;
    }
    verified.add(collection.getId());
    return Optional.empty();
  }

  /** Why nothing can be accepted; empty when it can. */
  public Optional<String> trouble() {
    if (!registry().caughtUp()) {
      return Optional.of(
          "the registry of collections is not read yet"
              + registry().problem().map(why -> ": " + why).orElse(""));
    }
    if (!hadDefault && registry().find(CollectionRegistry.DEFAULT).isEmpty()) {
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

  /** The name of a collection by its name or id; empty: that of "default". */
  public Optional<String> nameOf(String nameOrId) {
    CollectionRegistry following = registry;
    return following == null
        ? Optional.empty()
        : following.find(nameOrId).map(state -> state.collection().getName());
  }

  /** All, by name. */
  public List<CollectionState> all() {
    requireRead();
    return registry().all();
  }

  /**
   * Refuses what was written into a collection that is deleted by now.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND
   */
  public void requireExisting(Collection collection) {
    if (registry().caughtUp() && registry().withId(collection.getId()).isEmpty()) {
      throw new RefusedException(
          ErrorCode.COLLECTION_NOT_FOUND,
          "collection \"" + collection.getName() + "\" was deleted meanwhile");
    }
  }

  /**
   * Creates a collection and waits, for a bounded time, until a model is bound and it can be
   * searched.
   *
   * @throws RefusedException INVALID_COLLECTION_NAME, INVALID_ARGUMENT, COLLECTION_EXISTS,
   *     MODEL_NOT_SERVED, MODEL_WANTS_MORE_PIXELS, TOPICS_NOT_READY, BROKER_UNAVAILABLE
   */
  public Described create(Wanted wanted) {
    requireName(wanted.name());
    requireRead();
    String id = newId(wanted.name());
    Collection described = describe(id, wanted);
    Optional<EmbedClient.Answer> served = models.ask();
    served.ifPresent(answer -> requireModel(described, answer));
    CollectionState created = create(id, wanted);
    return served.isPresent() ? awaitBound(created) : withProblem(created);
  }

  private static void requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new RefusedException(
          ErrorCode.INVALID_COLLECTION_NAME, "a collection's name matches " + NAME.pattern());
    }
  }

  private void requireRead() {
    if (!registry().caughtUp()) {
      throw new RefusedException(
          ErrorCode.BROKER_UNAVAILABLE, "the registry of collections is not read yet");
    }
  }

  /** Refuses what could never be bound. */
  private static void requireModel(Collection collection, EmbedClient.Answer served) {
    Optional<EmbedClient.Served> model = served.named(collection.getModel());
    if (model.isEmpty()) {
      if (collection.getModel().isEmpty()) {
        return;
      }
      throw new RefusedException(
          ErrorCode.MODEL_NOT_SERVED,
          "model \"%s\" is not served; served: %s"
              .formatted(
                  collection.getModel(),
                  String.join(", ", served.models().stream().map(each -> each.id()).toList())));
    }
    CanonicalBounds bounds = collection.getBounds();
    int width = model.get().width();
    int height = model.get().height();
    if (!collection.getAcceptSmallerImages()
        && (Math.min(width, height) > bounds.getShortSide()
            || Math.max(width, height) > bounds.getLongSide())) {
      throw new RefusedException(
          ErrorCode.MODEL_WANTS_MORE_PIXELS,
          ("model \"%s\" wants images of %d x %d pixels, the collection keeps them with a short side of %d"
                  + " and a long side of %d at most: raise bounds.short_side, or set"
                  + " accept_smaller_images")
              .formatted(
                  model.get().id(), width, height, bounds.getShortSide(), bounds.getLongSide()));
    }
  }

  private CollectionState create(String id, Wanted wanted) {
    Collection collection = describe(id, wanted);
    // One at a time; what other instances write meanwhile is told by the registry.
    writing.lock();
    try {
      requireFree(wanted.name());
      broker.provideTopics(id, collection.getPartitions()).ifPresent(Collections::requireMended);
      awaitRead(writer.append(record(collection)));
      Optional<CollectionState> created = registry().withId(id);
      if (created.isEmpty()) {
        // Another instance's record of this name is the earlier one: this one was never told of.
        settle(registry());
        leftovers.remove(registry().view().deleted());
        throw exists(wanted.name());
      }
      return created.get();
    } finally {
      writing.unlock();
    }
  }

  private void requireFree(String name) {
    if (registry().find(name).isPresent()) {
      throw exists(name);
    }
  }

  private static RefusedException exists(String name) {
    return new RefusedException(ErrorCode.COLLECTION_EXISTS, "collection \"" + name + "\" exists");
  }

  /** Waits until the registry has read the record at an offset. */
  private void awaitRead(long offset) {
    if (!awaitRegistry(() -> registry().position() > offset, REGISTRY)) {
      throw new RefusedException(
          ErrorCode.BROKER_UNAVAILABLE, "it is written, but the registry does not tell of it yet");
    }
  }

  /** Waits until a model is bound, then until the index answers. */
  private Described awaitBound(CollectionState created) {
    String id = created.collection().getId();
    long deadline = System.nanoTime() + settings.bindWait().toNanos();
    awaitRegistry(
        () -> registry().withId(id).flatMap(CollectionState::live).isPresent(),
        settings.bindWait());
    CollectionState state = registry().withId(id).orElse(created);
    if (state.live().isEmpty()) {
      return withProblem(state);
    }
    while (true) {
      if (search.indexIfItAnswers(id).isPresent()) {
        return new Described(state, Optional.empty(), Optional.empty());
      }
      if (System.nanoTime() - deadline >= 0) {
        return new Described(state, Optional.of(INDEX_SILENT), Optional.empty());
      }
      try {
        Thread.sleep(LOOK);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return new Described(state, Optional.of("interrupted"), Optional.empty());
      }
    }
  }

  private Described withProblem(CollectionState state) {
    if (state.live().isPresent()) {
      return new Described(state, Optional.empty(), Optional.empty());
    }
    Optional<EmbedClient.Answer> served = models.ask();
    String problem =
        served.isEmpty()
            ? "no model is bound: the embed service does not answer"
            : Optional.ofNullable(served.get().unserved().get(state.collection().getId()))
                .orElse("no model is bound yet");
    return new Described(state, Optional.of(problem), Optional.empty());
  }

  /**
   * A collection with its counts.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, BROKER_UNAVAILABLE
   */
  public Described describe(String nameOrId) {
    CollectionState state = get(nameOrId);
    if (state.live().isEmpty()) {
      return withProblem(state);
    }
    Optional<DescribeIndexResponse> index = search.indexIfItAnswers(state.collection().getId());
    return new Described(
        state,
        index.isPresent() ? Optional.empty() : Optional.of(INDEX_SILENT),
        index.map(Collections::counts));
  }

  private static CollectionCounts counts(DescribeIndexResponse index) {
    long pending = 0;
    for (PartitionPosition position : index.getPartitionsList()) {
      pending += Math.max(0, position.getImagesEnd() - position.getApplied());
    }
    return CollectionCounts.newBuilder()
        .setSearchable(index.getSearchable())
        .setRejected(index.getRejected())
        .setDeleted(index.getDeleted())
        .setPending(pending)
        .build();
  }

  /**
   * Gives a collection another name; the id stays, and with it whatever is under way. A collection
   * {@code default} that is renamed is followed by a new and empty one.
   *
   * @throws RefusedException INVALID_COLLECTION_NAME, COLLECTION_NOT_FOUND, COLLECTION_EXISTS,
   *     BROKER_UNAVAILABLE
   */
  public CollectionState rename(String nameOrId, String name) {
    requireName(name);
    writing.lock();
    try {
      Collection before = get(nameOrId).collection();
      if (before.getName().equals(name)) {
        return get(nameOrId);
      }
      requireFree(name);
      awaitRead(
          writer.append(
              record(before.toBuilder().setName(name).setPreviousName(before.getName()).build())));
      Optional<CollectionState> now = registry().withId(before.getId());
      if (now.isEmpty() || !now.get().collection().getName().equals(name)) {
        settle(registry());
        requireExisting(before);
        throw exists(name);
      }
      return now.get();
    } finally {
      writing.unlock();
    }
  }

  /**
   * Deletes a collection with everything in it. Final once the registry has the record: what is
   * left is taken away at once, or by the next start of whoever made it. A collection {@code
   * default} is followed by a new and empty one.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, INVALID_COLLECTION_NAME, BROKER_UNAVAILABLE
   */
  public Collection delete(String nameOrId) {
    if (nameOrId.isEmpty()) {
      throw new RefusedException(
          ErrorCode.INVALID_COLLECTION_NAME, "a collection to delete is named");
    }
    writing.lock();
    try {
      Collection collection = get(nameOrId).collection();
      awaitRead(writer.append(deletion(collection.getId())));
      LOG.infof("collection %s (%s) is deleted", collection.getName(), collection.getId());
      try {
        leftovers.remove(registry().view().deleted());
      } catch (RefusedException | KafkaException e) {
        LOG.warnf("what is left of %s is taken away later: %s", collection.getId(), e.getMessage());
      }
      return collection;
    } finally {
      writing.unlock();
    }
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
    return Collection.newBuilder()
        .setId(id)
        .setName(wanted.name())
        .setGeneration(1)
        .setPartitions(partitions)
        .setBounds(bounds)
        .setKeepOriginals(wanted.keepOriginals().orElse(settings.keepOriginals()))
        .setModel(wanted.model())
        .setAcceptSmallerImages(wanted.acceptSmallerImages())
        .setCreatedAt(now())
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
