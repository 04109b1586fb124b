package dev.lookalike.ingest.classifiers;

import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.collections.CollectionTopics;
import dev.lookalike.ingest.records.Append;
import dev.lookalike.ingest.records.Timestamps;
import dev.lookalike.log.CollectionState;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import dev.lookalike.proto.events.v1.ClassifierRemoved;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import java.util.function.ObjIntConsumer;

/**
 * Publishes classifiers: one record each, in a topic that is created when a collection is taught
 * for the first time. Keeps nothing in memory. Thread-safe; blocks the caller.
 */
public final class Classifiers {
  /** Bytes of the record beside the numbers: names of classes, quality. */
  private static final int OVERHEAD_BYTES = 1 << 20;

  private static final int VERSION_DIGITS = 16;

  private final Catalogue catalogue;
  private final CollectionTopics topics;
  private final ObjIntConsumer<Append> log;
  private final ClassifierSettings settings;
  private final InstantSource clock;

  /**
   * @param log appends a record of at most so many bytes, and returns once it is acknowledged
   */
  public Classifiers(
      Catalogue catalogue,
      CollectionTopics topics,
      ObjIntConsumer<Append> log,
      ClassifierSettings settings,
      InstantSource clock) {
    this.catalogue = catalogue;
    this.topics = topics;
    this.log = log;
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * Teaches a collection; what it was taught before is replaced.
   *
   * @param asked its version, model, time and request id are ignored
   * @return as it was published
   * @throws RefusedException INVALID_ARGUMENT, TOO_MANY_BYTES, COLLECTION_NOT_FOUND,
   *     CLASSIFIER_OF_OTHER_BUILD, BROKER_UNAVAILABLE
   */
  public Classifier put(String collectionName, Classifier asked) {
    CollectionState state = catalogue.get(collectionName);
    Build build =
        state
            .live()
            .filter(live -> live.getId().equals(asked.getBuildId()))
            .orElseThrow(
                () ->
                    new RefusedException(
                        ErrorCode.CLASSIFIER_OF_OTHER_BUILD,
                        "the classifier was taught on build \"%s\"; the live build of the collection is %s"
                            .formatted(
                                asked.getBuildId(),
                                state.live().map(live -> live.getId()).orElse("none"))));
    ClassifierRules.require(asked, build.getModel().getDimension(), settings);
    Classifier bare =
        asked.toBuilder().clearVersion().clearModel().clearTaughtAt().clearRequestId().build();
    Classifier classifier =
        bare.toBuilder()
            .setModel(build.getModel())
            .setVersion(version(bare))
            .setTaughtAt(Timestamps.of(clock.instant()))
            .setRequestId(UUID.randomUUID().toString())
            .build();
    append(state, ClassifierEvent.newBuilder().setClassifier(classifier).build());
    return classifier;
  }

  /**
   * Removes what a collection was taught, and the labels that came of it. Does nothing for a
   * collection that was never taught.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, TOPICS_NOT_READY, BROKER_UNAVAILABLE
   */
  public void remove(String collectionName) {
    CollectionState state = catalogue.get(collectionName);
    if (!topics.names().contains(Topics.classifiers(state.collection().getId()))) {
      return;
    }
    append(
        state,
        ClassifierEvent.newBuilder()
            .setRemoved(
                ClassifierRemoved.newBuilder()
                    .setRemovedAt(Timestamps.of(clock.instant()))
                    .setRequestId(UUID.randomUUID().toString()))
            .build());
  }

  private void append(CollectionState state, ClassifierEvent event) {
    String id = state.collection().getId();
    int limit = Math.toIntExact(settings.maxBytes().asLongValue()) + OVERHEAD_BYTES;
    Optional<String> problem = topics.provideClassifiers(id, limit);
    if (problem.isPresent()) {
      throw new RefusedException(ErrorCode.TOPICS_NOT_READY, problem.get());
    }
    log.accept(
        new Append(Topics.classifiers(id), 0, Keys.classifier(), event.toByteArray()), limit);
    catalogue.requireExisting(state.collection());
  }

  /** Equal for equal classifiers, whenever and wherever they are published. */
  private static String version(Classifier asked) {
    try {
      byte[] content =
          asked.toBuilder().clearQuality().clearAnnotateExisting().build().toByteArray();
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(content))
          .substring(0, VERSION_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
