package dev.lookalike.query.catalog;

import dev.lookalike.log.RegistryView;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.RecordingIndex;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.store.IndexStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A store that keeps nothing, and notes in words what it is asked to do. */
public final class FakeStore implements IndexStore {
  public final List<String> done = new ArrayList<>();
  public Optional<String> away = Optional.empty();
  public boolean writes = true;
  public @Nullable VectorIndex outdated;

  /** What the next promotions throw. */
  public final List<IndexException> promotions = new ArrayList<>();

  /** What every deletion of other indexes throws; null: nothing. */
  public @Nullable IndexException deletion;

  /** What a sweep would like to delete: "collection/build". */
  public final List<String> orphans = new ArrayList<>();

  @Override
  public VectorIndex open(Collection collection, Build build) {
    return new RecordingIndex(build.getModel().getDimension());
  }

  @Override
  public VectorIndex openNext(Collection collection, Build build) {
    return new RecordingIndex(build.getModel().getDimension());
  }

  @Override
  public void promote(Collection collection, Build build, VectorIndex next) {
    if (!promotions.isEmpty()) {
      throw promotions.removeFirst();
    }
    done.add("promote " + build.getId());
  }

  @Override
  public boolean isCurrent(Collection collection, Build build, VectorIndex index) {
    return true;
  }

  @Override
  public void delete(Collection collection, Build build) {
    done.add("delete " + build.getId());
  }

  @Override
  public void deleteOthers(Collection collection, Build build) {
    if (deletion != null) {
      throw deletion;
    }
    done.add("delete others of " + build.getId());
  }

  @Override
  public boolean isOutdated(VectorIndex index) {
    return index == outdated;
  }

  @Override
  public boolean writes() {
    return writes;
  }

  @Override
  public Optional<String> away() {
    return away;
  }

  @Override
  public void sweep(RegistryView view, Deletion deletion) {
    if (this.deletion != null) {
      throw this.deletion;
    }
    for (String orphan : orphans) {
      String[] key = orphan.split("/", -1);
      deletion.unlessFollowed(key[0], key[1], () -> done.add("sweep " + orphan));
    }
  }

  @Override
  public void close() {
    done.add("close");
  }
}
