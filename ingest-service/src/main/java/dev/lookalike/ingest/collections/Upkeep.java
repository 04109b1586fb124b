package dev.lookalike.ingest.collections;

import dev.lookalike.log.CollectionRegistry;
import dev.lookalike.log.RegistryView;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * Restores whatever is missing: creates the topic of the registry and the collection {@code
 * default}, settles races, finishes interrupted deletions. One thread calls {@link #run} from time
 * to time; any thread may call {@link #trouble}.
 */
public final class Upkeep {
  private static final Logger LOG = Logger.getLogger(Upkeep.class);
  private static final Duration CATCH_UP = Duration.ofSeconds(1);

  private final Registry registry;
  private final CollectionCommands commands;
  private final CollectionTopics topics;
  private final Leftovers leftovers;
  private final Set<String> verified = new HashSet<>();
  private boolean registryVerified;
  private volatile Optional<String> mismatch = Optional.empty();
  private volatile boolean hadDefault;

  public Upkeep(
      Registry registry,
      CollectionCommands commands,
      CollectionTopics topics,
      Leftovers leftovers) {
    this.registry = registry;
    this.commands = commands;
    this.topics = topics;
    this.leftovers = leftovers;
  }

  /**
   * Does whatever can be done now.
   *
   * @throws RefusedException TOPICS_NOT_READY, BROKER_UNAVAILABLE
   */
  public void run() {
    if (!registryVerified) {
      topics.provideRegistry().ifPresent(CollectionCommands::requireOperator);
      registryVerified = true;
    }
    if (!registry.caughtUp()) {
      topics.warnOfTopicsMadeByTheBroker();
      if (!registry.await(registry::caughtUp, CATCH_UP)) {
        return;
      }
    }
    commands.settle();
    if (registry.view().find(CollectionRegistry.DEFAULT).isEmpty()) {
      commands.createDefault();
    }
    hadDefault = true;
    RegistryView view = registry.view();
    mismatch =
        view.collections().stream()
            .flatMap(state -> verify(state.collection()).stream())
            .findFirst();
    leftovers.remove(view.deleted());
  }

  /**
   * Checks the topics of a collection. With another number of partitions, images of one id would
   * end up in two places; with deletion by age they would be lost.
   */
  private Optional<String> verify(Collection collection) {
    if (verified.contains(collection.getId())) {
      return Optional.empty();
    }
    Optional<String> problem = topics.provide(collection.getId(), collection.getPartitions());
    if (problem.isEmpty()) {
      verified.add(collection.getId());
    } else if (!problem.equals(mismatch)) {
      LOG.error(problem.get());
    }
    return problem;
  }

  /** Why nothing can be accepted; empty when it can. */
  public Optional<String> trouble() {
    if (!registry.caughtUp()) {
      return Optional.of(
          "the registry of collections has not been read yet"
              + registry.problem().map(why -> ": " + why).orElse(""));
    }
    if (!hadDefault && registry.view().find(CollectionRegistry.DEFAULT).isEmpty()) {
      return Optional.of("the collection default has not been created yet");
    }
    return mismatch;
  }
}
