package dev.lookalike.query.index;

import dev.lookalike.log.Versions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The rule by which changes make records. For each image id it keeps the outcome of the newest
 * version (of two outcomes of one version, the later in the log), and for each subject and version
 * the latest annotation, except of versions older than that outcome. So the record depends neither
 * on how outcomes and annotations were interleaved, nor on repetitions.
 */
public final class Fold {
  private Fold() {}

  /**
   * The record after a change; empty if the change does not change it.
   *
   * @param current what is known of the change's image
   */
  public static Optional<FoldedImage> apply(Optional<FoldedImage> current, Change change) {
    FoldedImage record =
        current.orElseGet(
            () ->
                new FoldedImage(change.imageId(), Optional.empty(), List.<Change.Annotation>of()));
    return switch (change) {
      case Change.Outcome outcome -> apply(record, outcome);
      case Change.Annotation annotation -> apply(record, annotation);
    };
  }

  private static Optional<FoldedImage> apply(FoldedImage record, Change.Outcome outcome) {
    if (record.outcome().isPresent()) {
      Change.Outcome known = record.outcome().get();
      int order = Versions.OLDEST_FIRST.compare(outcome.version(), known.version());
      if (order < 0 || (order == 0 && equal(outcome, known))) {
        return Optional.empty();
      }
    }
    return Optional.of(
        new FoldedImage(
            record.imageId(),
            Optional.of(outcome),
            record.annotations().stream().filter(said -> !isOver(said, outcome)).toList()));
  }

  private static Optional<FoldedImage> apply(FoldedImage record, Change.Annotation annotation) {
    if (record.outcome().isPresent() && isOver(annotation, record.outcome().get())) {
      return Optional.empty();
    }
    List<Change.Annotation> kept = new ArrayList<>();
    for (Change.Annotation said : record.annotations()) {
      if (said.version().equals(annotation.version())
          && said.subject().equals(annotation.subject())) {
        if (said.offset() >= annotation.offset()) {
          return Optional.empty();
        }
      } else {
        kept.add(said);
      }
    }
    kept.add(annotation);
    return Optional.of(new FoldedImage(record.imageId(), record.outcome(), kept));
  }

  /** Whether the annotation can no longer have an effect. */
  private static boolean isOver(Change.Annotation annotation, Change.Outcome outcome) {
    int order = Versions.OLDEST_FIRST.compare(annotation.version(), outcome.version());
    return order < 0 || (order == 0 && outcome.event().hasRemoved());
  }

  private static boolean equal(Change.Outcome one, Change.Outcome other) {
    return one.event().equals(other.event())
        && Arrays.equals(one.embedding().orElse(null), other.embedding().orElse(null));
  }
}
