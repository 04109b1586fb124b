package dev.lookalike.ingest.collections;

import dev.lookalike.ingest.records.Timestamps;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a collection may be: its name, its partitions, its bounds, its model. */
final class CollectionRules {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");
  private static final Pattern MODEL = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final int MIN_BYTES = 1 << 16;
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_PARTITIONS = 1024;

  private CollectionRules() {}

  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /**
   * @throws RefusedException INVALID_COLLECTION_NAME
   */
  static void requireName(String name) {
    if (!isName(name)) {
      throw new RefusedException(
          ErrorCode.INVALID_COLLECTION_NAME, "a collection's name must match " + NAME.pattern());
    }
  }

  /**
   * The collection that is asked for, with the service's defaults where nothing is said.
   *
   * @throws RefusedException INVALID_ARGUMENT
   */
  static Collection complete(
      String id, NewCollection wanted, CollectionSettings defaults, Instant now) {
    if (!wanted.model().isEmpty() && !MODEL.matcher(wanted.model()).matches()) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "model: an id must match " + MODEL.pattern());
    }
    int partitions = orDefault(wanted.partitions(), defaults.partitions());
    requireRange("partitions", partitions, 1, MAX_PARTITIONS);
    return Collection.newBuilder()
        .setId(id)
        .setName(wanted.name())
        .setGeneration(1)
        .setPartitions(partitions)
        .setBounds(bounds(wanted.bounds(), defaults))
        .setKeepOriginals(wanted.keepOriginals().orElse(defaults.keepOriginals()))
        .setModel(wanted.model())
        .setAcceptSmallerImages(wanted.acceptSmallerImages())
        .setCreatedAt(Timestamps.of(now))
        .build();
  }

  private static CanonicalBounds bounds(CanonicalBounds asked, CollectionSettings defaults) {
    CanonicalBounds bounds =
        CanonicalBounds.newBuilder()
            .setShortSide(orDefault(asked.getShortSide(), defaults.shortSide()))
            .setLongSide(orDefault(asked.getLongSide(), defaults.longSide()))
            .setJpegQuality(orDefault(asked.getJpegQuality(), defaults.jpegQuality()))
            .setMaxBytes(orDefault(asked.getMaxBytes(), (int) defaults.maxBytes().asLongValue()))
            .build();
    requireRange("bounds.short_side", bounds.getShortSide(), 256, 1024);
    requireRange("bounds.long_side", bounds.getLongSide(), 256, 16_384);
    requireRange("bounds.jpeg_quality", bounds.getJpegQuality(), 50, 100);
    requireRange("bounds.max_bytes", bounds.getMaxBytes(), MIN_BYTES, MAX_BYTES);
    if (bounds.getLongSide() < bounds.getShortSide()) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "bounds.long_side must not be less than bounds.short_side");
    }
    return bounds;
  }

  private static int orDefault(int asked, int otherwise) {
    return asked == 0 ? otherwise : asked;
  }

  private static void requireRange(String field, int value, int min, int max) {
    if (value < min || value > max) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "%s must be %d to %d".formatted(field, min, max));
    }
  }

  /**
   * Refuses a collection that could never be bound to its model.
   *
   * @throws RefusedException MODEL_NOT_SERVED, MODEL_WANTS_MORE_PIXELS
   */
  static void requireModel(Collection collection, ServedModels served) {
    Optional<ServedModels.Model> model = served.named(collection.getModel());
    if (model.isEmpty()) {
      if (collection.getModel().isEmpty()) {
        return;
      }
      throw new RefusedException(
          ErrorCode.MODEL_NOT_SERVED,
          "model \"%s\" is not served; served: %s"
              .formatted(
                  collection.getModel(),
                  String.join(", ", served.models().stream().map(each -> each.id()).toList())));
    }
    CanonicalBounds bounds = collection.getBounds();
    int width = model.get().width();
    int height = model.get().height();
    if (!collection.getAcceptSmallerImages()
        && (Math.min(width, height) > bounds.getShortSide()
            || Math.max(width, height) > bounds.getLongSide())) {
      throw new RefusedException(
          ErrorCode.MODEL_WANTS_MORE_PIXELS,
          ("model \"%s\" takes images of %d x %d pixels, but the collection keeps at most %d pixels of"
                  + " the short side and %d of the long side: raise bounds.short_side, or set"
                  + " accept_smaller_images")
              .formatted(
                  model.get().id(), width, height, bounds.getShortSide(), bounds.getLongSide()));
    }
  }
}
