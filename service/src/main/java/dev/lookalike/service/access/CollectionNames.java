package dev.lookalike.service.access;

import java.util.Optional;

/** The names of collections, as the registry has them now. Does not block. */
@FunctionalInterface
public interface CollectionNames {
  /**
   * The name of the collection that a request means.
   *
   * @param nameOrId empty: the default one
   * @return empty where there is none, or where that is not known
   */
  Optional<String> nameOf(String nameOrId);
}
