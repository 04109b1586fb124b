package dev.lookalike.embed.teaching;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.log.Keys;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The newest classifier of each collection that is served, as the records of the classifiers'
 * topics tell it.
 *
 * <p>One thread calls the methods that change something; any thread may call {@link #of} and {@link
 * #isKnown}. A collection is known once everything that its topic held when it was first looked at
 * has been taken in, so that no image goes without its label because a start was quicker than the
 * reading.
 */
public final class TaughtCollections {
  private static final Logger LOG = Logger.getLogger(TaughtCollections.class);

  private final long maxBytes;
  private final Map<String, Taught> taught = new ConcurrentHashMap<>();
  private final Set<String> known = ConcurrentHashMap.newKeySet();

  /**
   * @param maxBytes of all classifiers together, as records; one that exceeds it is not used
   */
  public TaughtCollections(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Whether everything that a collection was taught before has been read. */
  public boolean isKnown(String collectionId) {
    return known.contains(collectionId);
  }

  /** What a collection was taught; empty where it never was. */
  public Optional<Taught> of(String collectionId) {
    return Optional.ofNullable(taught.get(collectionId));
  }

  /** Everything that the collection's topic held at first has been taken in. */
  public void caughtUp(String collectionId) {
    known.add(collectionId);
  }

  /** The collection has no topic: it was never taught, or its topic was deleted. */
  public void neverTaught(String collectionId) {
    taught.remove(collectionId);
    known.add(collectionId);
  }

  /** Forgets all other collections. */
  public void retain(Set<String> collectionIds) {
    taught.keySet().retainAll(collectionIds);
    known.retainAll(collectionIds);
  }

  /**
   * The collection's topic ends here. A broker whose data was replaced starts over: what is not in
   * its log was not taught.
   */
  public void endsAt(String collectionId, long end) {
    taught.computeIfPresent(collectionId, (same, newest) -> newest.offset() < end ? newest : null);
  }

  /**
   * Takes in a record, in the order of the topic; one that was taken in before changes nothing.
   *
   * @param key null: ignored
   * @param value null: ignored; a record that cannot be read is logged and skipped
   */
  public void take(
      String collectionId, long offset, byte @Nullable [] key, byte @Nullable [] value) {
    if (key == null || value == null) {
      return;
    }
    Taught newest = taught.get(collectionId);
    if (newest != null && offset <= newest.offset()) {
      return; // A reader that starts again reads what is known already.
    }
    ClassifierEvent event;
    try {
      event = ClassifierEvent.parseFrom(value);
    } catch (InvalidProtocolBufferException e) {
      LOG.warnf(
          "collection %s: classifier record %d cannot be read and is skipped: %s",
          collectionId, offset, e);
      return;
    }
    switch (event.getEventCase()) {
      case CLASSIFIER ->
          taught.put(
              collectionId, taught(collectionId, event.getClassifier(), offset, value.length));
      case REMOVED -> {
        taught.put(collectionId, Taught.removed(offset));
        LOG.infof("collection %s: its classifier was removed", collectionId);
      }
      case EXISTING ->
          Keys.existingPartition(key)
              .ifPresent(
                  partition ->
                      taught.computeIfPresent(
                          collectionId,
                          (same, before) ->
                              event.getExisting().getOf() == before.offset()
                                  ? before.with(partition, event.getExisting())
                                  : before));
      case EVENT_NOT_SET ->
          LOG.warnf(
              "collection %s: classifier record %d is of a kind that this version does not know;"
                  + " skipped",
              collectionId, offset);
    }
  }

  private Taught taught(String collectionId, Classifier classifier, long offset, int size) {
    long others =
        taught.entrySet().stream()
            .filter(each -> !each.getKey().equals(collectionId))
            .mapToLong(each -> each.getValue().size())
            .sum();
    String problem;
    if (others + size > maxBytes) {
      problem =
          "with its %d bytes all classifiers together are larger than lookalike.teaching.max-bytes"
              .formatted(size);
    } else {
      try {
        TaughtClassifier usable = TaughtClassifier.of(classifier);
        LOG.infof(
            "collection %s is taught: classifier %s, %d classes",
            collectionId, classifier.getVersion(), classifier.getClassesCount());
        return Taught.by(offset, classifier, usable, size);
      } catch (IllegalArgumentException e) {
        problem = "the classifier cannot be used: " + e.getMessage();
      }
    }
    LOG.warnf("collection %s: classifier %s: %s", collectionId, classifier.getVersion(), problem);
    return Taught.unusable(offset, classifier, problem);
  }
}
