package dev.lookalike.embed.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.embed.preprocess.ProcessorSettings;
import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import dev.lookalike.embed.preprocess.ProcessorSettings.Resize;
import dev.lookalike.imaging.Resampling;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads {@code preprocessor_config.json} as Hugging Face's image processors do, missing keys with
 * the defaults of their class. Another family of processors is another {@link Family}.
 */
final class ProcessorConfigFile {
  /** Defaults of a class of transformers 4.57. */
  private enum Family {
    CLIP(new Resize.ShortestEdge(224), Resampling.BICUBIC, true, CLIP_MEAN, CLIP_STD),
    VIT(new Resize.Exact(new Extent(224, 224)), Resampling.BILINEAR, false, HALF, HALF);

    private final Resize resize;
    private final Resampling resampling;
    private final boolean crops;
    private final List<Double> mean;
    private final List<Double> std;

    Family(
        Resize resize, Resampling resampling, boolean crops, List<Double> mean, List<Double> std) {
      this.resize = resize;
      this.resampling = resampling;
      this.crops = crops;
      this.mean = mean;
      this.std = std;
    }

    static Family of(String type) {
      return switch (type) {
        case "CLIPImageProcessor", "CLIPImageProcessorFast", "CLIPFeatureExtractor" -> CLIP;
        case "ViTImageProcessor", "ViTImageProcessorFast", "ViTFeatureExtractor" -> VIT;
        default ->
            throw new ModelRefusedException(
                "image_processor_type", "CLIPImageProcessor or ViTImageProcessor", type);
      };
    }
  }

  /** {@code OPENAI_CLIP_MEAN} and {@code OPENAI_CLIP_STD} of transformers. */
  private static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);

  private static final List<Double> CLIP_STD = List.of(0.26862954, 0.26130258, 0.27577711);

  /** {@code IMAGENET_STANDARD_MEAN} and {@code IMAGENET_STANDARD_STD} of transformers. */
  private static final List<Double> HALF = List.of(0.5, 0.5, 0.5);

  private ProcessorConfigFile() {}

  /**
   * @throws ModelRefusedException with the field, what is read here and what it says
   */
  static ProcessorSettings read(JsonNode config) {
    String type = config.path("image_processor_type").asText("");
    if (type.isEmpty()) {
      type = config.path("feature_extractor_type").asText("");
    }
    if (type.isEmpty()) {
      throw new ModelRefusedException(
          "image_processor_type", "the name of an image processor", "none");
    }
    Family family = Family.of(type);
    if (flag(config, "do_flip_channel_order", false)) {
      throw new ModelRefusedException("do_flip_channel_order", "false", "true");
    }
    if (flag(config, "do_pad", false)) {
      throw new ModelRefusedException("do_pad", "false", "true");
    }
    Resize resize =
        flag(config, "do_resize", true) ? resize(config.path("size"), family) : new Resize.None();
    Optional<Extent> crop =
        flag(config, "do_center_crop", family.crops)
            ? Optional.of(crop(config.path("crop_size")))
            : Optional.empty();
    boolean normalises = flag(config, "do_normalize", true);
    try {
      return new ProcessorSettings(
          resize,
          config.has("resample")
              ? Resampling.ofCode(config.path("resample").asInt(-1))
              : family.resampling,
          crop,
          flag(config, "do_rescale", true) ? config.path("rescale_factor").asDouble(1 / 255.0) : 1,
          normalises ? numbers(config, "image_mean", family.mean) : List.of(0.0, 0.0, 0.0),
          normalises ? numbers(config, "image_std", family.std) : List.of(1.0, 1.0, 1.0));
    } catch (IllegalArgumentException e) {
      throw new ModelRefusedException(
          "preprocessor_config.json",
          "a processor that can be built",
          String.valueOf(e.getMessage()));
    }
  }

  private static Resize resize(JsonNode size, Family family) {
    if (size.isMissingNode() || size.isNull()) {
      return family.resize;
    }
    if (size.isInt()) {
      return switch (family) {
        case CLIP -> new Resize.ShortestEdge(side("size", size));
        case VIT -> new Resize.Exact(extent("size", size.asInt(), size.asInt()));
      };
    }
    if (size.has("shortest_edge") && !size.has("longest_edge")) {
      return new Resize.ShortestEdge(side("size.shortest_edge", size.path("shortest_edge")));
    }
    if (size.has("height") && size.has("width")) {
      return new Resize.Exact(
          extent("size", size.path("width").asInt(), size.path("height").asInt()));
    }
    throw new ModelRefusedException(
        "size", "an integer, shortest_edge, or height and width", size.toString());
  }

  private static Extent crop(JsonNode size) {
    if (size.isMissingNode() || size.isNull()) {
      return new Extent(224, 224);
    }
    if (size.isInt()) {
      return extent("crop_size", size.asInt(), size.asInt());
    }
    if (size.has("shortest_edge")) {
      return extent(
          "crop_size", size.path("shortest_edge").asInt(), size.path("shortest_edge").asInt());
    }
    return extent("crop_size", size.path("width").asInt(), size.path("height").asInt());
  }

  private static int side(String field, JsonNode node) {
    return extent(field, node.asInt(), node.asInt()).width();
  }

  private static Extent extent(String field, int width, int height) {
    try {
      return new Extent(width, height);
    } catch (IllegalArgumentException e) {
      throw new ModelRefusedException(field, "sides of 1 to 4096 pixels", width + " x " + height);
    }
  }

  private static boolean flag(JsonNode config, String name, boolean fallback) {
    return config.path(name).asBoolean(fallback);
  }

  private static List<Double> numbers(JsonNode config, String name, List<Double> fallback) {
    JsonNode node = config.path(name);
    if (node.isMissingNode() || node.isNull()) {
      return fallback;
    }
    List<Double> numbers = new ArrayList<>();
    node.forEach(value -> numbers.add(value.asDouble()));
    if (numbers.size() != 3) {
      throw new ModelRefusedException(name, "3 numbers", node.toString());
    }
    return numbers;
  }
}
