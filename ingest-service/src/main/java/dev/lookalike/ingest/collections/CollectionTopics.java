package dev.lookalike.ingest.collections;

import dev.lookalike.service.error.RefusedException;
import java.util.Optional;
import java.util.Set;

/**
 * The topics that this service owns. Thread-safe; blocks the caller. Each method throws {@link
 * RefusedException} BROKER_UNAVAILABLE when the broker does not answer in time.
 */
public interface CollectionTopics {
  /** Whether this service creates missing topics; otherwise an operator does. */
  boolean createdHere();

  /**
   * Creates the topic of the registry unless it is there.
   *
   * @return why it cannot be used; empty: it can
   */
  Optional<String> provideRegistry();

  /** The same for the images and annotations topics of a collection. */
  Optional<String> provide(String collectionId, int partitions);

  /** The same for the classifiers' topic of a collection. */
  Optional<String> provideClassifiers(String collectionId, int maxRecordBytes);

  /** Warns of a broker that would bring back the topics of a deleted collection. */
  void warnOfTopicsMadeByTheBroker();

  /** Names of all topics. */
  Set<String> names();

  /**
   * Deletes a topic with all its records; does nothing when there is none.
   *
   * @return false if the topic stays, since the broker refuses to delete it
   */
  boolean delete(String topic);
}
