package dev.lookalike.ingest.classifiers;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;

/** What a classifier must be. */
final class ClassifierRules {
  private static final int MAX_LABEL_BYTES = 256;

  private ClassifierRules() {}

  /**
   * Refuses a classifier that could not be used, or is too large.
   *
   * @param dimension of the embeddings that it is for
   * @throws RefusedException INVALID_ARGUMENT, TOO_MANY_BYTES
   */
  static void require(Classifier classifier, int dimension, ClassifierSettings settings) {
    long classes = classifier.getClassesCount();
    require(
        classes >= 2 && classes <= settings.maxClasses(),
        "a classifier must have 2 to %d classes".formatted(settings.maxClasses()));
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
          "the name of a class must have 1 to %d bytes, not blank".formatted(MAX_LABEL_BYTES));
      require(names.add(name), "two classes have one name");
    }
    require(
        classifier.getWeights().size() == classes * dimension * Float.BYTES,
        "weights: expected %d classes x %d dimensions of 4 bytes".formatted(classes, dimension));
    require(
        classifier.getBiases().size() == classes * Float.BYTES,
        "biases: expected 4 bytes for each class");
    requireFinite("weights", classifier.getWeights().asReadOnlyByteBuffer());
    requireFinite("biases", classifier.getBiases().asReadOnlyByteBuffer());
    require(
        classifier.getThreshold() >= 0 && classifier.getThreshold() <= 1,
        "threshold must be 0 to 1");
    if (classifier.hasGate()) {
      int size = classifier.getGate().getReferences().size();
      require(
          size > 0 && size % dimension == 0,
          "references: expected whole embeddings of %d bytes".formatted(dimension));
      float least = classifier.getGate().getMinSimilarity();
      require(least >= -1 && least <= 1, "min_similarity must be -1 to 1");
      for (int at = 0; at < size; at += dimension) {
        require(
            !isZero(classifier.getGate().getReferences().substring(at, at + dimension)),
            "references: none can be zero");
      }
    }
  }

  private static boolean isZero(ByteString bytes) {
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
      require(Float.isFinite(bytes.getFloat()), field + ": every value must be finite");
    }
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, otherwise);
    }
  }
}
