package dev.lookalike.embed.online;

import dev.lookalike.embed.binding.Bindings;
import dev.lookalike.embed.infer.Embedder;
import dev.lookalike.embed.infer.Embedders;
import dev.lookalike.proto.embed.v1.ListModelsResponse;
import dev.lookalike.proto.embed.v1.ServedModel;
import dev.lookalike.proto.embed.v1.UnservedCollection;
import jakarta.inject.Singleton;

/** Tells which models this instance serves. Thread-safe. */
@Singleton
public class ServedModels {
  private final Embedders embedders;
  private final Bindings bindings;

  public ServedModels(Embedders embedders, Bindings bindings) {
    this.embedders = embedders;
    this.bindings = bindings;
  }

  ListModelsResponse list() {
    ListModelsResponse.Builder response = ListModelsResponse.newBuilder();
    for (Embedder embedder : embedders.all()) {
      response.addModels(
          ServedModel.newBuilder()
              .setModel(embedder.model().reference())
              .setDevice(embedder.model().device())
              .addAllBuildIds(bindings.buildsOf(embedder))
              .setInputWidth(embedder.model().preprocessor().output().width())
              .setInputHeight(embedder.model().preprocessor().output().height())
              .setClasses(embedder.model().classes()));
    }
    embedders
        .models()
        .flatMap(models -> models.named(""))
        .ifPresent(model -> response.setDefaultModel(model.reference().getId()));
    bindings
        .unserved()
        .forEach(
            each ->
                response.addUnserved(
                    UnservedCollection.newBuilder()
                        .setCollectionId(each.collectionId())
                        .setReason(each.reason())));
    return response.build();
  }
}
