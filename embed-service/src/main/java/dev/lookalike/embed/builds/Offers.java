package dev.lookalike.embed.builds;

import dev.lookalike.embed.model.runtime.Models;
import dev.lookalike.embed.model.runtime.OnnxModel;
import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import dev.lookalike.proto.image.v1.ModelReference;
import java.util.List;
import java.util.Optional;

/**
 * The models that collections can be bound to.
 *
 * @param all in the order of the settings
 * @param byDefault for collections that name no model; empty where that one was refused, since a
 *     binding stays
 */
public record Offers(List<Offer> all, Optional<Offer> byDefault) {
  /**
   * A model.
   *
   * @param width of its input, pixels
   * @param height of its input, pixels
   */
  public record Offer(ModelReference model, int width, int height) {}

  public Offers {
    all = List.copyOf(all);
  }

  /** The models that are served. */
  public static Offers of(Models models) {
    return new Offers(
        models.served().stream().map(Offers::offer).toList(), models.named("").map(Offers::offer));
  }

  private static Offer offer(OnnxModel model) {
    Extent input = model.preprocessor().output();
    return new Offer(model.reference(), input.width(), input.height());
  }

  /** The model of an id; of the empty string the default. */
  Optional<Offer> named(String id) {
    return id.isEmpty()
        ? byDefault
        : all.stream().filter(each -> each.model().getId().equals(id)).findFirst();
  }

  @Override
  public String toString() {
    return all.isEmpty()
        ? "none"
        : String.join(
            ", ",
            all.stream()
                .map(
                    each ->
                        "%s (digest %s, preprocessing %s)"
                            .formatted(
                                each.model().getId(),
                                abbreviated(each.model().getDigest()),
                                each.model().getPreprocessingVersion()))
                .toList());
  }

  static String abbreviated(String digest) {
    return digest.substring(0, Math.min(12, digest.length()));
  }
}
