package dev.lookalike.service.access;

import java.util.Optional;

/** The current names of collections in the registry. Does not block. */
@FunctionalInterface
public interface CollectionNames {
  /**
   * The name of the collection that a request means.
   *
   * @param nameOrId empty for the default collection
   * @return empty if there is none, or if the registry is not known yet
   */
  Optional<String> nameOf(String nameOrId);
}
