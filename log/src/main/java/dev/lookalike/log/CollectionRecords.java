package dev.lookalike.log;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The newest record of each key of the registry topic, and the state that they add up to. Depends
 * on nothing else: readers that saw records which have since been compacted away get the same
 * result. Not thread-safe.
 *
 * <p>A name belongs to the collection whose record comes first in the log. A later record with the
 * same name is a rename that came too late, so that its collection keeps its previous name, or a
 * creation that came too late, which creates nothing.
 */
public final class CollectionRecords {
  private static final Logger LOG = Logger.getLogger(CollectionRecords.class);

  private record Placed(Collection collection, long offset) {}

  private final Map<String, Placed> collections = new HashMap<>();
  private final Map<String, Map<String, Build>> builds = new HashMap<>();

  /** Ids of deleted collections, and whether the newest record of the key is still the deletion. */
  private final Map<String, Boolean> deleted = new TreeMap<>();

  /** Forgets every record. */
  public void clear() {
    collections.clear();
    builds.clear();
    deleted.clear();
  }

  /**
   * Applies the next record of the log. An unreadable record is logged and ignored.
   *
   * @param value null: the key is removed
   */
  public void apply(long offset, String key, byte @Nullable [] value) {
    if (value == null) {
      remove(key);
      return;
    }
    try {
      CollectionEvent event = CollectionEvent.parseFrom(value);
      switch (event.getEventCase()) {
        case COLLECTION -> {
          if (deleted.containsKey(key)) {
            deleted.put(key, false);
          } else {
            collections.put(key, new Placed(event.getCollection(), offset));
          }
        }
        case BUILD ->
            builds
                .computeIfAbsent(event.getBuild().getCollectionId(), id -> new TreeMap<>())
                .put(event.getBuild().getId(), event.getBuild());
        case DELETED -> {
          collections.remove(key);
          deleted.put(key, true);
        }
        case EVENT_NOT_SET ->
            LOG.warnf("registry record at %d is of an unknown kind; skipped", offset);
      }
    } catch (InvalidProtocolBufferException e) {
      LOG.warnf("registry record at %d cannot be read; skipped: %s", offset, e);
    }
  }

  private void remove(String key) {
    int slash = key.indexOf('/');
    if (slash < 0) {
      collections.remove(key);
      deleted.remove(key);
      return;
    }
    Map<String, Build> ofCollection = builds.get(key.substring(0, slash));
    if (ofCollection != null) {
      ofCollection.remove(key.substring(slash + 1));
      if (ofCollection.isEmpty()) {
        builds.remove(key.substring(0, slash));
      }
    }
  }

  /** The current state. */
  public RegistryView view() {
    Set<String> taken = new HashSet<>();
    List<CollectionState> states = new ArrayList<>();
    List<RegistryView.Late> late = new ArrayList<>();
    List<Placed> inOrder =
        collections.values().stream().sorted(Comparator.comparingLong(Placed::offset)).toList();
    for (Placed placed : inOrder) {
      Collection collection = placed.collection();
      if (!taken.add(collection.getName())) {
        if (collection.getPreviousName().isEmpty()) {
          late.add(new RegistryView.Late(collection, false));
          continue;
        }
        // No collection can have an id as its name: one that lost its old name, too, is listed
        // under its id.
        String kept =
            taken.add(collection.getPreviousName())
                ? collection.getPreviousName()
                : collection.getId();
        collection = collection.toBuilder().setName(kept).build();
        late.add(new RegistryView.Late(collection, true));
      }
      states.add(new CollectionState(collection, present(collection)));
    }
    states.sort(Comparator.comparing(state -> state.collection().getName()));
    List<RegistryView.Deleted> gone = new ArrayList<>();
    deleted.forEach(
        (id, stillSaid) ->
            gone.add(
                new RegistryView.Deleted(
                    id, Set.copyOf(builds.getOrDefault(id, Map.of()).keySet()), !stillSaid)));
    return new RegistryView(states, gone, late);
  }

  private Map<String, Build> present(Collection collection) {
    Map<String, Build> present = new HashMap<>();
    builds
        .getOrDefault(collection.getId(), Map.of())
        .forEach(
            (id, build) -> {
              if (build.getGeneration() == collection.getGeneration()) {
                present.put(id, build);
              }
            });
    return present;
  }
}
