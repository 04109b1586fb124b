package dev.lookalike.ingest.collections;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the embed service serves.
 *
 * @param models at least one
 * @param defaultModel of collections that name none
 * @param unserved why a collection has no model, by its id
 */
public record ServedModels(
    List<Model> models, Optional<String> defaultModel, Map<String, String> unserved) {
  public ServedModels {
    models = List.copyOf(models);
    unserved = Map.copyOf(unserved);
  }

  /**
   * A model that is served.
   *
   * @param width pixels of its input
   * @param height pixels of its input
   */
  public record Model(String id, int width, int height) {}

  /** The model of an id; of the empty string the default one. */
  Optional<Model> named(String id) {
    Optional<String> wanted = id.isEmpty() ? defaultModel : Optional.of(id);
    return wanted.flatMap(
        name -> models.stream().filter(model -> model.id().equals(name)).findFirst());
  }
}
