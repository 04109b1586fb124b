package dev.lookalike.embed.builds;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Timestamp;
import dev.lookalike.embed.builds.Offers.Offer;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.ModelReference;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;

/** To which model a collection without a live build is bound. */
final class BindingRule {
  private BindingRule() {}

  /** What is decided of a collection. */
  sealed interface Decision {
    /** It is bound: the build is to be written to the registry. */
    record Bound(Build build) implements Decision {}

    /** It cannot be bound to a model that is served here. */
    record Refused(String reason) implements Decision {}
  }

  static Decision decide(Collection collection, Offers offers, Instant now) {
    Optional<Offer> offer = offers.named(collection.getModel());
    if (offer.isEmpty()) {
      return new Decision.Refused(
          collection.getModel().isEmpty()
              ? "the default model is not served"
              : "it asks for model %s, which is not served here; served: %s"
                  .formatted(collection.getModel(), offers));
    }
    Optional<String> tooLarge = tooLarge(collection, offer.get());
    if (tooLarge.isPresent()) {
      return new Decision.Refused(tooLarge.get());
    }
    ModelReference model = offer.get().model();
    return new Decision.Bound(
        Build.newBuilder()
            .setId(buildId(model, collection.getGeneration()))
            .setCollectionId(collection.getId())
            .setGeneration(collection.getGeneration())
            .setModel(model)
            .setState(BuildState.BUILD_STATE_LIVE)
            .setCreatedAt(Timestamp.newBuilder().setSeconds(now.getEpochSecond()))
            .build());
  }

  /** Replay cannot bring pixels back: a model that wants more than are kept must be asked for. */
  private static Optional<String> tooLarge(Collection collection, Offer offer) {
    int shortSide = collection.getBounds().getShortSide();
    int longSide = collection.getBounds().getLongSide();
    boolean fits =
        (shortSide == 0 || Math.min(offer.width(), offer.height()) <= shortSide)
            && (longSide == 0 || Math.max(offer.width(), offer.height()) <= longSide);
    return fits || collection.getAcceptSmallerImages()
        ? Optional.empty()
        : Optional.of(
            ("model %s wants images of %d x %d pixels, the collection keeps them with a short side of %d and a"
                    + " long side of %d at most, and was not created with accept_smaller_images")
                .formatted(
                    offer.model().getId(), offer.width(), offer.height(), shortSide, longSide));
  }

  /** The same for the same weights, preprocessing and generation, on any instance. */
  static String buildId(ModelReference model, int generation) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(
                  (model.getDigest() + "/" + model.getPreprocessingVersion() + "/" + generation)
                      .getBytes(UTF_8));
      return HexFormat.of().formatHex(hash).substring(0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Why the build of a model that is not served is not served. */
  static String notServed(ModelReference wanted, Offers offers) {
    return "it is bound to model %s (digest %s, preprocessing %s), which is not served here; served: %s"
        .formatted(
            wanted.getId(),
            Offers.abbreviated(wanted.getDigest()),
            wanted.getPreprocessingVersion(),
            offers);
  }
}
