package dev.lookalike.embed.model.folder;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.preprocess.ProcessorSettings;
import dev.lookalike.embed.preprocess.ProcessorSettings.Crop;
import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import dev.lookalike.embed.preprocess.ProcessorSettings.Levels;
import dev.lookalike.embed.preprocess.ProcessorSettings.Resize;
import dev.lookalike.embed.preprocess.ProcessorSettings.Rounding;
import dev.lookalike.imaging.Resampling;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads {@code pretrained_cfg}, which a model of timm has in its {@code config.json}, as {@code
 * resolve_data_config} and {@code transforms_imagenet_eval} of timm 1.0.31 do.
 */
final class TimmConfig {
  /** {@code DEFAULT_CROP_PCT} of timm. */
  private static final double CROP_PCT = 0.875;

  private TimmConfig() {}

  /**
   * @throws ModelRefusedException with the field, what is read here and what it says
   */
  static ProcessorSettings read(JsonNode config) {
    Extent input = input(config);
    double cropPct = config.path("crop_pct").asDouble(0);
    if (cropPct == 0) {
      cropPct = CROP_PCT;
    }
    int width = (int) Math.floor(input.width() / cropPct);
    int height = (int) Math.floor(input.height() / cropPct);
    try {
      return new ProcessorSettings(
          resize(text(config, "crop_mode", "center"), new Extent(width, height)),
          resampling(text(config, "interpolation", "bicubic")),
          Optional.of(new Crop(input, Rounding.TORCHVISION)),
          Levels.PIXELS
              .rescaled(1 / 255.0, 0)
              .normalised(
                  numbers(config, "mean", ProcessorFamily.Means.IMAGENET.mean()),
                  numbers(config, "std", ProcessorFamily.Means.IMAGENET.std())),
          false,
          Optional.empty());
    } catch (IllegalArgumentException e) {
      throw new ModelRefusedException(
          "pretrained_cfg", "a processor that can be built", String.valueOf(e.getMessage()));
    }
  }

  private static Extent input(JsonNode config) {
    JsonNode size = config.path("input_size");
    if (!size.isArray()) {
      int side = config.path("img_size").asInt(224);
      return extent("pretrained_cfg.img_size", side, side);
    }
    if (size.size() != 3 || size.path(0).asInt() != 3) {
      throw new ModelRefusedException(
          "pretrained_cfg.input_size", "[3, height, width]", size.toString());
    }
    return extent("pretrained_cfg.input_size", size.path(2).asInt(), size.path(1).asInt());
  }

  private static Extent extent(String field, int width, int height) {
    try {
      return new Extent(width, height);
    } catch (IllegalArgumentException e) {
      throw new ModelRefusedException(field, "sides of 1 to 4096 pixels", width + " x " + height);
    }
  }

  private static Resize resize(String cropMode, Extent scaled) {
    if (cropMode.equals("squash")) {
      return new Resize.Exact(scaled);
    }
    if (!cropMode.equals("center")) {
      throw new ModelRefusedException("pretrained_cfg.crop_mode", "center or squash", cropMode);
    }
    if (scaled.width() != scaled.height()) {
      throw new ModelRefusedException(
          "pretrained_cfg.input_size",
          "a square, where crop_mode is center",
          scaled.height() + " x " + scaled.width());
    }
    return new Resize.ShortestEdge(scaled.width(), OptionalInt.empty());
  }

  private static Resampling resampling(String name) {
    return switch (name) {
      case "nearest" -> Resampling.NEAREST;
      case "lanczos" -> Resampling.LANCZOS;
      case "bilinear" -> Resampling.BILINEAR;
      case "bicubic" -> Resampling.BICUBIC;
      case "box" -> Resampling.BOX;
      case "hamming" -> Resampling.HAMMING;
      default ->
          throw new ModelRefusedException(
              "pretrained_cfg.interpolation",
              "nearest, lanczos, bilinear, bicubic, box or hamming",
              name);
    };
  }

  private static String text(JsonNode config, String name, String fallback) {
    String text = config.path(name).isNull() ? "" : config.path(name).asText("");
    return text.isEmpty() ? fallback : text;
  }

  /** Three numbers, or a list of one for all three. */
  private static List<Double> numbers(JsonNode config, String name, List<Double> fallback) {
    JsonNode node = config.path(name);
    if (node.isMissingNode() || node.isNull()) {
      return fallback;
    }
    List<Double> numbers = new ArrayList<>();
    node.forEach(value -> numbers.add(value.asDouble(Double.NaN)));
    if (numbers.size() == 1) {
      return List.of(numbers.get(0), numbers.get(0), numbers.get(0));
    }
    if (numbers.size() != 3) {
      throw new ModelRefusedException("pretrained_cfg." + name, "3 numbers", node.toString());
    }
    return numbers;
  }
}
