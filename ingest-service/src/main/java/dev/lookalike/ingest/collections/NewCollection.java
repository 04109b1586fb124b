package dev.lookalike.ingest.collections;

import dev.lookalike.log.CollectionRegistry;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import java.util.Optional;

/**
 * What the creator of a collection asks for; nothing of it is checked yet.
 *
 * @param model empty: the first that is served
 * @param bounds zero fields: the service's defaults
 * @param keepOriginals empty: the service's default
 * @param partitions 0: the service's default
 * @param acceptSmallerImages whether the model may want larger images than the bounds leave
 */
public record NewCollection(
    String name,
    String model,
    CanonicalBounds bounds,
    Optional<Boolean> keepOriginals,
    int partitions,
    boolean acceptSmallerImages) {
  /** The collection that every installation has: all by the service's defaults. */
  static final NewCollection DEFAULT =
      new NewCollection(
          CollectionRegistry.DEFAULT,
          "",
          CanonicalBounds.getDefaultInstance(),
          Optional.empty(),
          0,
          false);
}
