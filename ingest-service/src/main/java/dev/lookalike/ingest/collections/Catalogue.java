package dev.lookalike.ingest.collections;

import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.List;
import java.util.Optional;

/** The collections that there are, by the registry. Thread-safe; does not block. */
public final class Catalogue {
  private final Registry registry;

  public Catalogue(Registry registry) {
    this.registry = registry;
  }

  /**
   * A collection by name or id; empty: default.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, BROKER_UNAVAILABLE before the registry is read
   */
  public CollectionState get(String nameOrId) {
    Optional<CollectionState> found = registry.view().find(nameOrId);
    if (found.isPresent()) {
      return found.get();
    }
    requireRead();
    throw new RefusedException(
        ErrorCode.COLLECTION_NOT_FOUND,
        CollectionRules.isName(nameOrId)
            ? "no collection \"" + nameOrId + "\""
            : "no such collection");
  }

  /** The name of a collection by its name or id; empty: that of "default". */
  public Optional<String> nameOf(String nameOrId) {
    return registry.view().find(nameOrId).map(state -> state.collection().getName());
  }

  /**
   * All, by name.
   *
   * @throws RefusedException BROKER_UNAVAILABLE before the registry is read
   */
  public List<CollectionState> all() {
    requireRead();
    return registry.view().collections();
  }

  /**
   * Refuses if a collection has been deleted in the meantime.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND
   */
  public void requireExisting(Collection collection) {
    if (registry.caughtUp() && registry.view().withId(collection.getId()).isEmpty()) {
      throw new RefusedException(
          ErrorCode.COLLECTION_NOT_FOUND,
          "collection \"" + collection.getName() + "\" was deleted meanwhile");
    }
  }

  void requireRead() {
    if (!registry.caughtUp()) {
      throw new RefusedException(
          ErrorCode.BROKER_UNAVAILABLE, "the registry of collections has not been read yet");
    }
  }

  /**
   * @throws RefusedException COLLECTION_EXISTS
   */
  void requireFree(String name) {
    if (registry.view().find(name).isPresent()) {
      throw exists(name);
    }
  }

  static RefusedException exists(String name) {
    return new RefusedException(ErrorCode.COLLECTION_EXISTS, "collection \"" + name + "\" exists");
  }
}
