package dev.lookalike.embed.teaching;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ExistingProgress;
import dev.lookalike.proto.image.v1.Label;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a collection is taught, as of one record of its log.
 *
 * @param offset of the record, which names it: a later one takes its place
 * @param description the classifier without its numbers; empty where it was removed
 * @param classifier as it works; empty where it was removed or cannot be used
 * @param problem why it cannot be used
 * @param size bytes of the record
 * @param progress with existing images, by partition
 */
public record Taught(
    long offset,
    Optional<Classifier> description,
    Optional<TaughtClassifier> classifier,
    Optional<String> problem,
    int size,
    Map<Integer, ExistingProgress> progress) {
  public Taught {
    progress = Map.copyOf(progress);
  }

  static Taught by(long offset, Classifier classifier, TaughtClassifier usable, int size) {
    return new Taught(
        offset,
        Optional.of(withoutNumbers(classifier)),
        Optional.of(usable),
        Optional.empty(),
        size,
        Map.of());
  }

  static Taught unusable(long offset, Classifier classifier, String problem) {
    return new Taught(
        offset,
        Optional.of(withoutNumbers(classifier)),
        Optional.empty(),
        Optional.of(problem),
        0,
        Map.of());
  }

  static Taught removed(long offset) {
    return new Taught(offset, Optional.empty(), Optional.empty(), Optional.empty(), 0, Map.of());
  }

  private static Classifier withoutNumbers(Classifier classifier) {
    return classifier.toBuilder()
        .clearWeights()
        .clearBiases()
        .setGate(classifier.getGate().toBuilder().clearReferences())
        .build();
  }

  /** Whether it can be asked about embeddings of this build. */
  public boolean appliesTo(Build build) {
    return classifier.isPresent() && problem(build).isEmpty();
  }

  /** Why it cannot be asked about embeddings of this build; empty where it can, or was removed. */
  public Optional<String> problem(Build build) {
    if (problem.isPresent() || description.isEmpty()) {
      return problem;
    }
    return description.get().getBuildId().equals(build.getId())
        ? Optional.empty()
        : Optional.of(
            "it was taught on embeddings of model %s (build %s), and the collection has those of model %s (build %s): teach it again"
                .formatted(
                    description.get().getModel().getId(),
                    description.get().getBuildId(),
                    build.getModel().getId(),
                    build.getId()));
  }

  /**
   * What it says of an image; empty: nothing.
   *
   * @param embedding L2-normalised
   */
  public Optional<Label> label(float[] embedding) {
    return classifier.flatMap(each -> each.label(embedding));
  }

  /** Whether existing images are to be gone through: to label them, or to take labels away. */
  boolean concernsExisting() {
    return description.isEmpty() || description.get().getAnnotateExisting();
  }

  /** Progress with a partition that is of this record; the default where there is none. */
  ExistingProgress progress(int partition) {
    ExistingProgress known = progress.get(partition);
    return known != null && known.getOf() == offset
        ? known
        : ExistingProgress.newBuilder().setOf(offset).build();
  }

  Taught with(int partition, ExistingProgress next) {
    Map<Integer, ExistingProgress> changed = new HashMap<>(progress);
    changed.put(partition, next);
    return new Taught(offset, description, classifier, problem, size, changed);
  }
}
