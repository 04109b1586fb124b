package dev.lookalike.log;

import dev.lookalike.proto.events.v1.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The registry at one moment.
 *
 * @param collections by name
 * @param deleted deleted collections that the registry still mentions
 * @param late records that ask for a name taken by an earlier one; ingest-service resolves them
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

  /** The collection with this id, under any name. */
  public Optional<CollectionState> withId(String id) {
    return collections.stream().filter(state -> state.collection().getId().equals(id)).findFirst();
  }

  /**
   * A deleted collection: all of its data must go.
   *
   * @param builds ids of the builds that the registry still mentions
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
   * @param collection with its effective name, if it exists
   * @param renamed true: the collection keeps its previous name; false: it was not created
   */
  public record Late(Collection collection, boolean renamed) {}
}
