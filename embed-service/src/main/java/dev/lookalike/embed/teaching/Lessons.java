package dev.lookalike.embed.teaching;

import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.embed.v1.ClassifierState;
import dev.lookalike.proto.embed.v1.ExistingImages;
import dev.lookalike.proto.embed.v1.GetClassifierResponse;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ExistingProgress;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.Optional;
import java.util.function.Function;

/** Tells what collections were taught. Thread-safe. */
public final class Lessons {
  private final Function<String, Optional<CollectionState>> collections;
  private final TaughtCollections taught;

  /**
   * @param collections by name or id
   */
  public Lessons(
      Function<String, Optional<CollectionState>> collections, TaughtCollections taught) {
    this.collections = collections;
    this.taught = taught;
  }

  /**
   * The classifier of a collection.
   *
   * @param nameOrId empty: default
   * @throws RefusedException COLLECTION_NOT_FOUND, CLASSIFIER_NOT_FOUND, NOT_BOUND while its
   *     classifiers are not read
   */
  public GetClassifierResponse describe(String nameOrId) {
    CollectionState state =
        collections
            .apply(nameOrId)
            .orElseThrow(
                () ->
                    new RefusedException(
                        ErrorCode.COLLECTION_NOT_FOUND, "there is no collection of that name"));
    String id = state.collection().getId();
    if (!taught.isKnown(id)) {
      throw new RefusedException(
          ErrorCode.NOT_BOUND,
          "nothing serves the collection here, or its classifier is not read yet");
    }
    int partitions = state.collection().getPartitions();
    Taught found =
        taught
            .of(id)
            .filter(
                each -> each.description().isPresent() || completed(each, partitions) < partitions)
            .orElseThrow(
                () ->
                    new RefusedException(
                        ErrorCode.CLASSIFIER_NOT_FOUND,
                        "collection \"" + state.collection().getName() + "\" is not taught"));
    GetClassifierResponse.Builder answer =
        GetClassifierResponse.newBuilder()
            .setCollection(state.collection().getName())
            .setCollectionId(id);
    Optional<String> problem =
        state.live().isEmpty()
            ? Optional.of("the collection has no model")
            : found.problem(state.live().get());
    problem.ifPresent(answer::setProblem);
    answer.setState(
        found.description().isEmpty()
            ? ClassifierState.CLASSIFIER_STATE_REMOVED
            : problem.isEmpty()
                ? ClassifierState.CLASSIFIER_STATE_APPLIED
                : ClassifierState.CLASSIFIER_STATE_NOT_APPLIED);
    found.description().ifPresent(each -> describe(each, answer));
    found.classifier().ifPresent(each -> answer.setReferences(each.references()));
    if (found.concernsExisting()) {
      answer.setExisting(existing(found, partitions));
    }
    return answer.build();
  }

  private static void describe(Classifier classifier, GetClassifierResponse.Builder answer) {
    answer
        .setVersion(classifier.getVersion())
        .setBuildId(classifier.getBuildId())
        .setModel(classifier.getModel())
        .addAllClasses(classifier.getClassesList())
        .setThreshold(classifier.getThreshold())
        .setMinSimilarity(classifier.getGate().getMinSimilarity())
        .setTaughtAt(classifier.getTaughtAt())
        .setQuality(classifier.getQuality());
  }

  private static int completed(Taught taught, int partitions) {
    int complete = 0;
    for (int partition = 0; partition < partitions; partition++) {
      complete += taught.progress(partition).getComplete() ? 1 : 0;
    }
    return complete;
  }

  private static ExistingImages existing(Taught taught, int partitions) {
    long examined = 0;
    long labelled = 0;
    for (int partition = 0; partition < partitions; partition++) {
      ExistingProgress progress = taught.progress(partition);
      examined += progress.getExamined();
      labelled += progress.getLabelled();
    }
    return ExistingImages.newBuilder()
        .setExamined(examined)
        .setLabelled(labelled)
        .setPartitions(partitions)
        .setPartitionsComplete(completed(taught, partitions))
        .build();
  }
}
