package dev.lookalike.embed.teaching;

import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A classifier as it works: says the most probable class of an embedding where it is sure, and
 * nothing else. Immutable; thread-safe.
 */
public final class TaughtClassifier {
  private static final int MOST = Byte.MAX_VALUE;

  private final String version;
  private final List<String> classes;
  private final int dimension;

  /** {@code [classes, dimension]}, row by row. */
  private final float[] weights;

  private final float[] biases;
  private final float threshold;

  /** {@code [references, dimension]}, row by row; empty without a gate. */
  private final byte[] references;

  /** Of each reference, as it is stored. */
  private final float[] norms;

  private final float minSimilarity;

  private TaughtClassifier(Classifier classifier) {
    this.version = classifier.getVersion();
    this.classes = List.copyOf(classifier.getClassesList());
    this.dimension = classifier.getModel().getDimension();
    this.weights = floats(classifier.getWeights().asReadOnlyByteBuffer());
    this.biases = floats(classifier.getBiases().asReadOnlyByteBuffer());
    this.threshold = classifier.getThreshold();
    this.references = classifier.getGate().getReferences().toByteArray();
    this.minSimilarity = classifier.getGate().getMinSimilarity();
    this.norms = new float[references.length / Math.max(1, dimension)];
  }

  /**
   * @throws IllegalArgumentException when its parts do not fit each other
   */
  static TaughtClassifier of(Classifier classifier) {
    int dimension = classifier.getModel().getDimension();
    long count = classifier.getClassesCount();
    require(dimension > 0, "its model has no dimension");
    require(count >= 2, "it has fewer than two classes");
    require(
        classifier.getWeights().size() == count * dimension * Float.BYTES,
        "its weights are not classes x dimension");
    require(
        classifier.getBiases().size() == count * Float.BYTES, "it has not one bias for each class");
    require(
        classifier.getGate().getReferences().size() % dimension == 0,
        "its references are not whole embeddings");
    require(
        !classifier.hasGate() || !classifier.getGate().getReferences().isEmpty(),
        "its gate has no references");
    TaughtClassifier taught = new TaughtClassifier(classifier);
    for (float value : taught.weights) {
      require(Float.isFinite(value), "a weight is no number");
    }
    for (float value : taught.biases) {
      require(Float.isFinite(value), "a bias is no number");
    }
    for (int i = 0; i < taught.norms.length; i++) {
      int at = i * dimension;
      int squares = dot(taught.references, at, taught.references, at, dimension);
      require(squares > 0, "a reference is zero");
      taught.norms[i] = (float) Math.sqrt(squares);
    }
    return taught;
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  private static float[] floats(ByteBuffer bytes) {
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  /** References of the gate; 0: it has none. */
  int references() {
    return norms.length;
  }

  /**
   * What the classifier says of an image.
   *
   * @param embedding L2-normalised, of the classifier's dimension
   * @return empty: it abstains
   */
  Optional<Label> label(float[] embedding) {
    if (embedding.length != dimension) {
      throw new IllegalArgumentException(
          "an embedding of %d dimensions for a classifier of %d"
              .formatted(embedding.length, dimension));
    }
    double[] logits = new double[classes.size()];
    for (int c = 0; c < logits.length; c++) {
      double sum = biases[c];
      for (int i = 0; i < dimension; i++) {
        sum += weights[c * dimension + i] * embedding[i];
      }
      logits[c] = sum;
    }
    int best = 0;
    for (int c = 1; c < logits.length; c++) {
      best = logits[c] > logits[best] ? c : best;
    }
    double largest = logits[best];
    double probability = 1 / Arrays.stream(logits).map(each -> Math.exp(each - largest)).sum();
    // The gate is the costly part, and most strangers fail here.
    if (probability < threshold || !isNear(embedding)) {
      return Optional.empty();
    }
    return Optional.of(
        Label.newBuilder()
            .setName(classes.get(best))
            .setConfidence((float) probability)
            .setSource(LabelSource.LABEL_SOURCE_TAUGHT)
            .setSourceVersion(version)
            .build());
  }

  /** Whether any reference is near enough; stops at the first. */
  private boolean isNear(float[] embedding) {
    if (norms.length == 0) {
      return true;
    }
    byte[] asked = quantised(embedding);
    double norm = Math.sqrt(dot(asked, 0, asked, 0, dimension));
    for (int i = 0; i < norms.length; i++) {
      if (dot(references, i * dimension, asked, 0, dimension) >= minSimilarity * norm * norms[i]) {
        return true;
      }
    }
    return false;
  }

  /** As the references are, and as the command that chose the gate has them. */
  private static byte[] quantised(float[] embedding) {
    float largest = 1e-12f;
    for (float value : embedding) {
      largest = Math.max(largest, Math.abs(value));
    }
    byte[] values = new byte[embedding.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) Math.round(MOST * embedding[i] / largest);
    }
    return values;
  }

  /** In integers, so that the loop is vectorised: 4,096 products of 127 x 127 fit an int. */
  private static int dot(byte[] one, int from, byte[] other, int at, int length) {
    int sum = 0;
    for (int i = 0; i < length; i++) {
      sum += one[from + i] * other[at + i];
    }
    return sum;
  }
}
