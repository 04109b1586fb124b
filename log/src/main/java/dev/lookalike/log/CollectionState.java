package dev.lookalike.log;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import java.util.Map;
import java.util.Optional;

/**
 * A collection as the registry has it.
 *
 * @param builds of the current generation, by build id
 */
public record CollectionState(Collection collection, Map<String, Build> builds) {
  public CollectionState {
    builds = Map.copyOf(builds);
  }

  /** The build that answers searches; empty until a model is bound. */
  public Optional<Build> live() {
    return builds.values().stream()
        .filter(build -> build.getState() == BuildState.BUILD_STATE_LIVE)
        .findFirst();
  }
}
