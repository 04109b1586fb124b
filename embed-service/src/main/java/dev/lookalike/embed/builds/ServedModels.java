package dev.lookalike.embed.builds;

import dev.lookalike.embed.infer.Embedder;
import dev.lookalike.embed.infer.Embedders;
import dev.lookalike.embed.model.runtime.OnnxModel;
import dev.lookalike.proto.embed.v1.ListModelsResponse;
import dev.lookalike.proto.embed.v1.ModelState;
import dev.lookalike.proto.embed.v1.RefusedModel;
import dev.lookalike.proto.embed.v1.ServedModel;
import dev.lookalike.proto.embed.v1.UnservedCollection;
import java.util.Optional;
import java.util.function.Predicate;

/** Tells which models this instance serves. Thread-safe. */
public final class ServedModels {
  private final Embedders embedders;
  private final ServedBuilds builds;

  public ServedModels(Embedders embedders, ServedBuilds builds) {
    this.embedders = embedders;
    this.builds = builds;
  }

  /**
   * See the contract: Embed.ListModels.
   *
   * @param readable whether the caller may read a collection, by its id
   */
  public ListModelsResponse list(Predicate<String> readable) {
    ListModelsResponse.Builder response = ListModelsResponse.newBuilder();
    for (Embedder embedder : embedders.all()) {
      OnnxModel model = embedder.model();
      Optional<String> change = embedders.models().flatMap(all -> all.change(model));
      response.addModels(
          ServedModel.newBuilder()
              .setModel(model.reference())
              .setDevice(model.device())
              .addAllBuildIds(builds.buildsOf(embedder))
              .setInputWidth(model.preprocessor().output().width())
              .setInputHeight(model.preprocessor().output().height())
              .setClasses(model.classes())
              .setInputType(model.inputType())
              .setEmbeddingOutput(model.embeddingOutput())
              .setPooling(model.pooling())
              .setMaxBatchSize(embedder.maxBatchSize())
              .setFolder(model.folder().toString())
              .setState(
                  change.isPresent()
                      ? ModelState.MODEL_STATE_CHANGED
                      : ModelState.MODEL_STATE_SERVED)
              .setReason(change.or(model::deviceTrouble).orElse("")));
    }
    embedders
        .models()
        .flatMap(models -> models.named(""))
        .ifPresent(model -> response.setDefaultModel(model.reference().getId()));
    builds.unserved().stream()
        .filter(each -> readable.test(each.collectionId()))
        .forEach(
            each ->
                response.addUnserved(
                    UnservedCollection.newBuilder()
                        .setCollectionId(each.collectionId())
                        .setReason(each.reason())));
    embedders
        .models()
        .ifPresent(
            all -> {
              all.refused()
                  .forEach(
                      each ->
                          response.addRefused(
                              RefusedModel.newBuilder()
                                  .setFolder(each.folder())
                                  .setReason(each.reason())
                                  .setState(ModelState.MODEL_STATE_REFUSED)));
              response
                  .setDevicePolicy(all.devices().policy().word())
                  .setDeviceTrouble(all.devices().trouble().orElse(""));
            });
    return response.build();
  }
}
