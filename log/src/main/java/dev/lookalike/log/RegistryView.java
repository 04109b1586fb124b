package dev.lookalike.log;

import dev.lookalike.proto.events.v1.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the registry says at one moment.
 *
 * @param collections by name
 * @param deleted whatever was deleted and is still told of
 * @param late records that asked for a name which an earlier one has; for ingest-service to settle
 */
public record RegistryView(
    List<CollectionState> collections, List<Deleted> deleted, List<Late> late) {

  public RegistryView {
    collections = List.copyOf(collections);
    deleted = List.copyOf(deleted);
    late = List.copyOf(late);
  }

  /**
   * A collection by name or by id; the empty string means {@link CollectionRegistry#DEFAULT}. A
   * name wins over an equal id.
   */
  public Optional<CollectionState> find(String nameOrId) {
    String wanted = nameOrId.isEmpty() ? CollectionRegistry.DEFAULT : nameOrId;
    return collections.stream()
        .filter(state -> state.collection().getName().equals(wanted))
        .findFirst()
        .or(() -> withId(wanted));
  }

  /** The collection of an id, whatever its name is. */
  public Optional<CollectionState> withId(String id) {
    return collections.stream().filter(state -> state.collection().getId().equals(id)).findFirst();
  }

  /**
   * A deleted collection: nothing of it is to be left.
   *
   * @param builds ids of the builds that the registry still tells of
   * @param overwritten whether a record of the collection came after its deletion
   */
  public record Deleted(String id, Set<String> builds, boolean overwritten) {
    public Deleted {
      builds = Set.copyOf(builds);
    }
  }

  /**
   * A record that came too late for its name.
   *
   * @param collection with the name that it has, where it is one
   * @param renamed true: a collection that keeps its previous name; false: none, it was not created
   */
  public record Late(Collection collection, boolean renamed) {}
}
