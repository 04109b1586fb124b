package dev.lookalike.query.store;

import dev.lookalike.log.RegistryView;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.index.milvus.MilvusCatalog;
import dev.lookalike.query.index.milvus.MilvusIndex;
import dev.lookalike.query.index.milvus.MilvusServer;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Keeps indexes in Milvus. The alias of an index is {@code <prefix>_<collection id>_<build id>};
 * the collections behind it have one more part, which says when they were made.
 */
public final class MilvusStore implements IndexStore {
  private final MilvusServer server;
  private final MilvusCatalog catalog;
  private final boolean writes;
  private final Pattern generation;

  /** Begins to connect. */
  public MilvusStore(IndexSettings settings) {
    this.server = new MilvusServer(settings.milvus().options());
    this.catalog = new MilvusCatalog(server);
    this.writes = settings.role() != IndexSettings.Role.SERVE;
    this.generation =
        Pattern.compile(
            Pattern.quote(settings.milvus().prefix()) + "_([a-z0-9]+)_([a-z0-9]+)_[a-z0-9]+");
  }

  @Override
  public VectorIndex open(Collection collection, Build build) {
    int dimension = build.getModel().getDimension();
    return writes
        ? catalog.open(alias(collection, build), dimension)
        : catalog.read(alias(collection, build), dimension);
  }

  @Override
  public VectorIndex openNext(Collection collection, Build build) {
    return catalog.make(alias(collection, build), build.getModel().getDimension());
  }

  @Override
  public void promote(Collection collection, Build build, VectorIndex next) {
    next.commit();
    catalog.promote(alias(collection, build), (MilvusIndex) next);
  }

  @Override
  public void deleteOthers(Collection collection, Build build) {
    catalog.dropOthers(alias(collection, build));
  }

  @Override
  public boolean isOutdated(VectorIndex index) {
    return index instanceof MilvusIndex milvus && catalog.isOutdated(milvus);
  }

  @Override
  public boolean isCurrent(Collection collection, Build build, VectorIndex index) {
    return index instanceof MilvusIndex milvus
        && catalog.current(alias(collection, build)).equals(Optional.of(milvus.name()));
  }

  @Override
  public void delete(Collection collection, Build build) {
    catalog.drop(alias(collection, build));
  }

  @Override
  public boolean writes() {
    return writes;
  }

  @Override
  public Optional<String> away() {
    return server.away();
  }

  @Override
  public void sweep(RegistryView view, Deletion deletion) {
    if (!writes || !server.reachable()) {
      return;
    }
    Set<String> told =
        view.collections().stream()
            .map(state -> state.collection().getId())
            .collect(Collectors.toSet());
    view.deleted().forEach(deleted -> told.add(deleted.id()));
    for (String name : catalog.all()) {
      Matcher matcher = generation.matcher(name);
      if (matcher.matches() && told.contains(matcher.group(1))) {
        deletion.unlessFollowed(
            matcher.group(1), matcher.group(2), () -> catalog.dropGeneration(name));
      }
    }
  }

  @Override
  public void close() {
    server.close();
  }

  private String alias(Collection collection, Build build) {
    return catalog.alias(collection.getId(), build.getId());
  }
}
