package dev.lookalike.ingest.classifiers;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Timestamp;
import dev.lookalike.ingest.collections.Collections;
import dev.lookalike.ingest.log.Append;
import dev.lookalike.ingest.log.Broker;
import dev.lookalike.ingest.log.LogWriter;
import dev.lookalike.log.CollectionState;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import dev.lookalike.proto.events.v1.ClassifierRemoved;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import jakarta.inject.Singleton;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Publishes classifiers: one record each, in a topic that a collection gets when it is taught for
 * the first time. Keeps none. Thread-safe; blocks the caller.
 */
@Singleton
public class Classifiers {
  private static final int MAX_LABEL_BYTES = 256;

  /** Of the record beside the classifier's numbers: names of classes, quality. */
  private static final int OVERHEAD_BYTES = 1 << 20;

  private static final int VERSION_DIGITS = 16;

  private final Collections collections;
  private final Broker broker;
  private final LogWriter writer;
  private final ClassifierSettings settings;

  public Classifiers(
      Collections collections, Broker broker, LogWriter writer, ClassifierSettings settings) {
    this.collections = collections;
    this.broker = broker;
    this.writer = writer;
    this.settings = settings;
  }

  /**
   * Teaches a collection; what it was taught before is replaced.
   *
   * @param asked its version, model, time and request id are not looked at
   * @return as it was published
   * @throws RefusedException INVALID_ARGUMENT, TOO_MANY_BYTES, COLLECTION_NOT_FOUND,
   *     CLASSIFIER_OF_OTHER_BUILD, BROKER_UNAVAILABLE
   */
  public Classifier put(String collectionName, Classifier asked) {
    CollectionState state = collections.get(collectionName);
    Build build =
        state
            .live()
            .filter(live -> live.getId().equals(asked.getBuildId()))
            .orElseThrow(
                () ->
                    new RefusedException(
                        ErrorCode.CLASSIFIER_OF_OTHER_BUILD,
                        "the classifier is of build \"%s\", the collection has %s"
                            .formatted(
                                asked.getBuildId(),
                                state.live().map(live -> live.getId()).orElse("none"))));
    verify(asked, build.getModel().getDimension(), settings);
    Instant now = Instant.now();
    Classifier bare =
        asked.toBuilder().clearVersion().clearModel().clearTaughtAt().clearRequestId().build();
    Classifier classifier =
        bare.toBuilder()
            .setModel(build.getModel())
            .setVersion(version(bare))
            .setTaughtAt(timestamp(now))
            .setRequestId(UUID.randomUUID().toString())
            .build();
    append(state, ClassifierEvent.newBuilder().setClassifier(classifier).build());
    return classifier;
  }

  /**
   * Takes away what a collection was taught, and the labels that say so. Where there is nothing,
   * nothing happens.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, TOPICS_NOT_READY, BROKER_UNAVAILABLE
   */
  public void remove(String collectionName) {
    CollectionState state = collections.get(collectionName);
    if (!broker.topics().contains(Topics.classifiers(state.collection().getId()))) {
      return;
    }
    append(
        state,
        ClassifierEvent.newBuilder()
            .setRemoved(
                ClassifierRemoved.newBuilder()
                    .setRemovedAt(timestamp(Instant.now()))
                    .setRequestId(UUID.randomUUID().toString()))
            .build());
  }

  private void append(CollectionState state, ClassifierEvent event) {
    String id = state.collection().getId();
    int limit = Math.toIntExact(settings.maxBytes().asLongValue()) + OVERHEAD_BYTES;
    Optional<String> problem = broker.provideClassifiersTopic(id, limit);
    if (problem.isPresent()) {
      throw new RefusedException(ErrorCode.TOPICS_NOT_READY, problem.get());
    }
    writer.appendLarge(
        new Append(Topics.classifiers(id), 0, Keys.classifier(), event.toByteArray()), limit);
    collections.requireExisting(state.collection());
  }

  /** The same for the same classifier, whenever and wherever it is published. */
  private static String version(Classifier asked) {
    try {
      byte[] content =
          asked.toBuilder().clearQuality().clearAnnotateExisting().build().toByteArray();
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(content))
          .substring(0, VERSION_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  /**
   * Refuses what could not be used, or is too large.
   *
   * @throws RefusedException INVALID_ARGUMENT, TOO_MANY_BYTES
   */
  static void verify(Classifier classifier, int dimension, ClassifierSettings settings) {
    long classes = classifier.getClassesCount();
    require(
        classes >= 2 && classes <= settings.maxClasses(),
        "a classifier has 2 to %d classes".formatted(settings.maxClasses()));
    long bytes =
        classifier.getWeights().size() + (long) classifier.getGate().getReferences().size();
    if (bytes > settings.maxBytes().asLongValue()) {
      throw new RefusedException(
          ErrorCode.TOO_MANY_BYTES,
          "weights and references have %d bytes; at most %d: fewer references, or fewer classes"
              .formatted(bytes, settings.maxBytes().asLongValue()));
    }
    Set<String> names = new HashSet<>();
    for (String name : classifier.getClassesList()) {
      require(
          !name.isBlank() && name.getBytes(UTF_8).length <= MAX_LABEL_BYTES,
          "the name of a class has 1 to %d bytes and is not blank".formatted(MAX_LABEL_BYTES));
      require(names.add(name), "two classes have one name");
    }
    require(
        classifier.getWeights().size() == classes * dimension * Float.BYTES,
        "weights: %d classes x %d dimensions of 4 bytes are wanted".formatted(classes, dimension));
    require(
        classifier.getBiases().size() == classes * Float.BYTES,
        "biases: 4 bytes for each class are wanted");
    requireFinite("weights", classifier.getWeights().asReadOnlyByteBuffer());
    requireFinite("biases", classifier.getBiases().asReadOnlyByteBuffer());
    require(classifier.getThreshold() >= 0 && classifier.getThreshold() <= 1, "threshold: 0 to 1");
    if (classifier.hasGate()) {
      int size = classifier.getGate().getReferences().size();
      require(
          size > 0 && size % dimension == 0,
          "references: whole embeddings of %d bytes are wanted".formatted(dimension));
      float least = classifier.getGate().getMinSimilarity();
      require(least >= -1 && least <= 1, "min_similarity: -1 to 1");
      for (int at = 0; at < size; at += dimension) {
        require(
            !isZero(classifier.getGate().getReferences().substring(at, at + dimension)),
            "references: one is zero");
      }
    }
  }

  private static boolean isZero(com.google.protobuf.ByteString bytes) {
    for (int i = 0; i < bytes.size(); i++) {
      if (bytes.byteAt(i) != 0) {
        return false;
      }
    }
    return true;
  }

  private static void requireFinite(String field, ByteBuffer bytes) {
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.remaining() >= Float.BYTES) {
      require(Float.isFinite(bytes.getFloat()), field + ": not all are numbers");
    }
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, otherwise);
    }
  }
}
