package dev.lookalike.ingest.collections;

import dev.lookalike.ingest.records.Appender;
import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Creates, renames and deletes collections, one at a time. Other instances do the same meanwhile:
 * the registry shows whose record of a name came first. Thread-safe; blocks the caller.
 */
public final class CollectionCommands {
  private static final Logger LOG = Logger.getLogger(CollectionCommands.class);

  private final Registry registry;
  private final Catalogue catalogue;
  private final RegistryWriter writer;
  private final CollectionTopics topics;
  private final CollectionSettings settings;
  private final Supplier<Optional<ServedModels>> models;
  private final Descriptions descriptions;
  private final Leftovers leftovers;
  private final InstantSource clock;
  private final ReentrantLock writing = new ReentrantLock();

  /**
   * @param models what is served; empty while the embed service does not answer
   */
  public CollectionCommands(
      Registry registry,
      Appender log,
      CollectionTopics topics,
      CollectionSettings settings,
      Supplier<Optional<ServedModels>> models,
      Descriptions descriptions,
      Leftovers leftovers,
      InstantSource clock) {
    this.registry = registry;
    this.catalogue = new Catalogue(registry);
    this.writer = new RegistryWriter(registry, log, clock);
    this.topics = topics;
    this.settings = settings;
    this.models = models;
    this.descriptions = descriptions;
    this.leftovers = leftovers;
    this.clock = clock;
  }

  /**
   * Creates a collection and waits, for a bounded time, until a model is bound and it can be
   * searched.
   *
   * @throws RefusedException INVALID_COLLECTION_NAME, INVALID_ARGUMENT, COLLECTION_EXISTS,
   *     MODEL_NOT_SERVED, MODEL_WANTS_MORE_PIXELS, TOPICS_NOT_READY, BROKER_UNAVAILABLE
   */
  public DescribedCollection create(NewCollection wanted) {
    CollectionRules.requireName(wanted.name());
    catalogue.requireRead();
    String id =
        topics.createdHere()
            ? CollectionIds.random()
            : CollectionIds.ofName(wanted.name(), registry.view());
    Collection collection = CollectionRules.complete(id, wanted, settings, clock.instant());
    Optional<ServedModels> served = models.get();
    served.ifPresent(answer -> CollectionRules.requireModel(collection, answer));
    CollectionState created = create(collection);
    return served.isPresent()
        ? descriptions.awaitSearchable(created)
        : descriptions.withProblem(created);
  }

  /** Creates the collection {@code default}. Throws as {@link #create(NewCollection)}. */
  void createDefault() {
    LOG.info("creating the collection default");
    String id = CollectionIds.ofDefault(registry.view());
    create(CollectionRules.complete(id, NewCollection.DEFAULT, settings, clock.instant()));
  }

  private CollectionState create(Collection collection) {
    writing.lock();
    try {
      catalogue.requireFree(collection.getName());
      topics
          .provide(collection.getId(), collection.getPartitions())
          .ifPresent(CollectionCommands::requireOperator);
      writer.write(collection);
      Optional<CollectionState> created = registry.view().withId(collection.getId());
      if (created.isEmpty()) {
        // Another instance's record of this name came first.
        writer.settle();
        leftovers.remove(registry.view().deleted());
        throw Catalogue.exists(collection.getName());
      }
      return created.get();
    } finally {
      writing.unlock();
    }
  }

  /** Topics that are not as they must be require an operator. */
  static void requireOperator(String problem) {
    throw new RefusedException(ErrorCode.TOPICS_NOT_READY, problem);
  }

  /**
   * Gives a collection another name. The id stays, and with it whatever is under way. A renamed
   * {@code default} is followed by a new and empty one.
   *
   * @throws RefusedException INVALID_COLLECTION_NAME, COLLECTION_NOT_FOUND, COLLECTION_EXISTS,
   *     BROKER_UNAVAILABLE
   */
  public CollectionState rename(String nameOrId, String name) {
    CollectionRules.requireName(name);
    writing.lock();
    try {
      CollectionState present = catalogue.get(nameOrId);
      Collection before = present.collection();
      if (before.getName().equals(name)) {
        return present;
      }
      catalogue.requireFree(name);
      writer.write(before.toBuilder().setName(name).setPreviousName(before.getName()).build());
      Optional<CollectionState> now = registry.view().withId(before.getId());
      if (now.isEmpty() || !now.get().collection().getName().equals(name)) {
        writer.settle();
        catalogue.requireExisting(before);
        throw Catalogue.exists(name);
      }
      return now.get();
    } finally {
      writing.unlock();
    }
  }

  /**
   * Deletes a collection with everything in it. Final once the registry has the record; topics and
   * originals are removed at once or, where that fails, later. A deleted {@code default} is
   * followed by a new and empty one.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, INVALID_COLLECTION_NAME, BROKER_UNAVAILABLE
   */
  public Collection delete(String nameOrId) {
    if (nameOrId.isEmpty()) {
      throw new RefusedException(
          ErrorCode.INVALID_COLLECTION_NAME, "name the collection to delete");
    }
    writing.lock();
    try {
      Collection collection = catalogue.get(nameOrId).collection();
      writer.delete(collection.getId());
      LOG.infof("deleted collection %s (%s)", collection.getName(), collection.getId());
      try {
        leftovers.remove(registry.view().deleted());
      } catch (RuntimeException e) {
        // The deletion stands, whatever goes wrong with what is left.
        LOG.warnf(
            "the topics and originals of %s will be removed later: %s",
            collection.getId(), e.getMessage());
      }
      return collection;
    } finally {
      writing.unlock();
    }
  }

  /** See {@link RegistryWriter#settle}. */
  void settle() {
    writer.settle();
  }
}
