package dev.lookalike.query.store;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.VectorIndex;
import java.util.Optional;

/**
 * The index of a build that is made beside the one that answers. Once promoted, it is the one that
 * answers. Thread-safe.
 */
public final class NextIndex implements IndexSource {
  private final IndexStore store;
  private volatile boolean promoted;

  public NextIndex(IndexStore store) {
    this.store = store;
  }

  /** Makes it the index that answers. The former one may be open. */
  public void promote(Collection collection, Build build, VectorIndex next) {
    store.promote(collection, build, next);
    promoted = true;
  }

  @Override
  public VectorIndex open(Collection collection, Build build) {
    return promoted ? store.open(collection, build) : store.openNext(collection, build);
  }

  @Override
  public boolean isCurrent(Collection collection, Build build, VectorIndex index) {
    return !promoted || store.isCurrent(collection, build, index);
  }

  /** Before the promotion, deletes what is beside the index that answers. */
  @Override
  public void delete(Collection collection, Build build) {
    if (promoted) {
      store.delete(collection, build);
    } else {
      store.deleteOthers(collection, build);
    }
  }

  @Override
  public boolean writes() {
    return store.writes();
  }

  @Override
  public Optional<String> away() {
    return store.away();
  }
}
