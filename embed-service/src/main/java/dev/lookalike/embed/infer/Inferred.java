package dev.lookalike.embed.infer;

import dev.lookalike.embed.model.runtime.OnnxModel.ClassProbability;
import java.util.List;

/** What became of one prepared image. */
public sealed interface Inferred {
  /**
   * @param values L2-normalised; the caller's
   * @param classes of the model's head, best first
   */
  record Embedding(float[] values, List<ClassProbability> classes) implements Inferred {}

  /**
   * @param detail one sentence, for a person
   */
  record Failed(Failure failure, String detail) implements Inferred {}

  /** Why there is no embedding. The names are published as reasons of rejected outcomes. */
  enum Failure {
    EMBEDDING_NOT_FINITE,
    EMBEDDING_ZERO,
    MODEL_FAILED
  }

  /** Normalises an embedding in place. */
  static Inferred of(float[] values, List<ClassProbability> classes) {
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    if (!Double.isFinite(squares)) {
      return new Failed(
          Failure.EMBEDDING_NOT_FINITE, "the model gave an embedding that is not finite");
    }
    double norm = Math.sqrt(squares);
    if (norm < 1e-12) {
      return new Failed(Failure.EMBEDDING_ZERO, "the model gave an embedding of zeros");
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (values[i] / norm);
    }
    return new Embedding(values, classes);
  }
}
