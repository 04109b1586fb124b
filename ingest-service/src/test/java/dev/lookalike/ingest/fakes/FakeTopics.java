package dev.lookalike.ingest.fakes;

import dev.lookalike.ingest.collections.CollectionTopics;
import dev.lookalike.log.Topics;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Topics that are names. */
public final class FakeTopics implements CollectionTopics {
  public final Set<String> names = new TreeSet<>();

  /** Why a topic cannot be used, by its name. */
  public final Map<String, String> problems = new HashMap<>();

  /** Topics that may not be deleted. */
  public final Set<String> held = new HashSet<>();

  public boolean createdHere = true;
  public boolean away;

  /** How often the names of all topics were asked for. */
  public int asked;

  /** The bytes of a record that the last topic was made for. */
  public int recordBytes;

  @Override
  public boolean createdHere() {
    return createdHere;
  }

  @Override
  public Optional<String> provideRegistry() {
    return provide(List.of(Topics.COLLECTIONS));
  }

  @Override
  public Optional<String> provide(String collectionId, int partitions) {
    return provide(List.of(Topics.images(collectionId), Topics.annotations(collectionId)));
  }

  @Override
  public Optional<String> provideClassifiers(String collectionId, int maxRecordBytes) {
    recordBytes = maxRecordBytes;
    return provide(List.of(Topics.classifiers(collectionId)));
  }

  private Optional<String> provide(List<String> topics) {
    requireHere();
    for (String topic : topics) {
      if (problems.containsKey(topic)) {
        return Optional.of(problems.getOrDefault(topic, ""));
      }
      names.add(topic);
    }
    return Optional.empty();
  }

  @Override
  public void warnOfTopicsMadeByTheBroker() {}

  @Override
  public Set<String> names() {
    requireHere();
    asked++;
    return Set.copyOf(names);
  }

  @Override
  public boolean delete(String topic) {
    requireHere();
    return !held.contains(topic) && names.remove(topic);
  }

  private void requireHere() {
    if (away) {
      throw new RefusedException(ErrorCode.BROKER_UNAVAILABLE, "away");
    }
  }
}
