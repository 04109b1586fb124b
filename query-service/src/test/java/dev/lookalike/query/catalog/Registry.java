package dev.lookalike.query.catalog;

import dev.lookalike.log.CollectionState;
import dev.lookalike.log.RegistryView;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.ModelReference;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What a registry may say. */
public final class Registry {
  private Registry() {}

  /** A collection with three partitions. */
  public static Collection collection(String id, String name) {
    return Collection.newBuilder()
        .setId(id)
        .setName(name)
        .setGeneration(1)
        .setPartitions(3)
        .build();
  }

  /** A build of generation 1 and dimension 2. */
  public static Build build(String id, BuildState state) {
    return build(id, state, 2);
  }

  public static Build build(String id, BuildState state, int dimension) {
    return Build.newBuilder()
        .setId(id)
        .setGeneration(1)
        .setState(state)
        .setModel(ModelReference.newBuilder().setId("tiny").setDimension(dimension))
        .build();
  }

  public static Build live(String id) {
    return build(id, BuildState.BUILD_STATE_LIVE);
  }

  public static CollectionState state(Collection collection, Build... builds) {
    return new CollectionState(
        collection,
        Arrays.stream(builds).collect(Collectors.toMap(Build::getId, Function.identity())));
  }

  public static RegistryView view(CollectionState... states) {
    return new RegistryView(List.of(states), List.of(), List.of());
  }

  /** A registry that tells of one deleted collection. */
  public static RegistryView deleted(String id) {
    return new RegistryView(
        List.of(), List.of(new RegistryView.Deleted(id, Set.of(), false)), List.of());
  }
}
