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
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads {@code preprocessor_config.json} as Hugging Face's image processors do, missing keys (and
 * nulls) with the defaults of their class. Keys that the class does not know are ignored as there,
 * apart from those that ask for other pixels than it makes.
 */
public final class ProcessorConfigFile {
  /** Below this, ConvNeXt crops; from here on it squashes. */
  private static final int CONVNEXT_SQUASHES_FROM = 384;

  private static final double CONVNEXT_CROP_PCT = 224 / 256.0;
  private static final double POOLFORMER_CROP_PCT = 0.9;

  private ProcessorConfigFile() {}

  /**
   * @throws ModelRefusedException with the field, what is read here and what it says
   */
  public static ProcessorSettings read(JsonNode config) {
    if (config.path("pretrained_cfg").isObject()) {
      return TimmConfig.read(config.path("pretrained_cfg"));
    }
    ProcessorFamily family = ProcessorFamily.of(type(config));
    refuseWhatTheClassDoesNot(config, family);
    try {
      Resize size = size(config, family);
      Resize resize =
          flag(config, "do_resize", true) ? resize(config, family, size) : new Resize.None();
      return new ProcessorSettings(
          resize,
          resampling(config, family),
          crop(config, family, size).map(extent -> new Crop(extent, Rounding.TRANSFORMERS)),
          levels(config, family),
          family == ProcessorFamily.MOBILEVIT && flag(config, "do_flip_channel_order", true),
          flag(config, "do_pad", false) ? extent(config, "pad_size") : Optional.empty());
    } catch (IllegalArgumentException e) {
      throw new ModelRefusedException(
          "preprocessor_config.json",
          "a processor that can be built",
          String.valueOf(e.getMessage()));
    }
  }

  private static String type(JsonNode config) {
    String type = config.path("image_processor_type").asText("");
    if (type.isEmpty()) {
      type = config.path("feature_extractor_type").asText("");
    }
    if (type.isEmpty()) {
      throw new ModelRefusedException(
          "image_processor_type", "the name of an image processor", "none");
    }
    return type;
  }

  private static void refuseWhatTheClassDoesNot(JsonNode config, ProcessorFamily family) {
    refuseUnless(family == ProcessorFamily.MOBILEVIT, config, "do_flip_channel_order");
    refuseUnless(family == ProcessorFamily.EFFICIENTNET, config, "rescale_offset");
    refuseUnless(family.pads(), config, "do_pad");
    refuseUnless(family != ProcessorFamily.SEGFORMER, config, "do_center_crop");
    String format = config.path("data_format").asText("channels_first");
    if (!format.equals("channels_first") && !config.path("data_format").isNull()) {
      throw new ModelRefusedException("data_format", "channels_first", format);
    }
  }

  private static void refuseUnless(boolean known, JsonNode config, String field) {
    if (!known && flag(config, field, false)) {
      throw new ModelRefusedException(field, "false, since " + type(config) + " does not", "true");
    }
  }

  /** What {@code size} says, before the class makes something of its own of it. */
  private static Resize size(JsonNode config, ProcessorFamily family) {
    JsonNode size = config.path("size");
    if (isAbsent(size)) {
      return family.resize();
    }
    if (size.isNumber()) {
      int side = side("size", size);
      return family.squares()
          ? new Resize.Exact(new Extent(side, side))
          : new Resize.ShortestEdge(side, OptionalInt.empty());
    }
    if (size.isArray()) {
      return new Resize.Exact(pair("size", size));
    }
    Set<String> keys = keys(size);
    if (keys.equals(Set.of("height", "width"))) {
      return new Resize.Exact(sides("size", size, "height", "width"));
    }
    if (keys.equals(Set.of("max_height", "max_width"))) {
      return new Resize.Within(sides("size", size, "max_height", "max_width"));
    }
    if (keys.equals(Set.of("shortest_edge"))) {
      return new Resize.ShortestEdge(
          side("size.shortest_edge", size.path("shortest_edge")), OptionalInt.empty());
    }
    if (keys.equals(Set.of("shortest_edge", "longest_edge"))) {
      return new Resize.ShortestEdge(
          side("size.shortest_edge", size.path("shortest_edge")),
          OptionalInt.of(side("size.longest_edge", size.path("longest_edge"))));
    }
    throw new ModelRefusedException(
        "size",
        "an integer, height and width, shortest_edge, shortest_edge and longest_edge, or"
            + " max_height and max_width",
        size.toString());
  }

  private static Resize resize(JsonNode config, ProcessorFamily family, Resize size) {
    return switch (family) {
      case CONVNEXT -> {
        int side = convNextSide(size);
        yield side < CONVNEXT_SQUASHES_FROM
            ? shortestEdge((int) (side / cropPct(config, CONVNEXT_CROP_PCT)))
            : new Resize.Exact(new Extent(side, side));
      }
      case POOLFORMER -> poolFormerResize(cropPct(config, POOLFORMER_CROP_PCT), size);
      case LEVIT ->
          size instanceof Resize.ShortestEdge edge
              ? shortestEdge((int) (256 / 224.0 * edge.pixels()))
              : size;
      case CLIP ->
          size instanceof Resize.ShortestEdge edge && flag(config, "use_square_size", false)
              ? new Resize.Exact(new Extent(edge.pixels(), edge.pixels()))
              : size;
      case VIT,
          DEIT,
          BEIT,
          BEIT_FAST,
          SIGLIP,
          BLIP,
          MOBILENET,
          MOBILEVIT,
          EFFICIENTNET,
          PVT,
          SEGFORMER,
          DINOV3 ->
          size;
    };
  }

  private static Resize poolFormerResize(double cropPct, Resize size) {
    return switch (size) {
      case Resize.ShortestEdge edge -> shortestEdge((int) (edge.pixels() / cropPct));
      case Resize.Exact(Extent extent) -> {
        int width = (int) (extent.width() / cropPct);
        int height = (int) (extent.height() / cropPct);
        // A square is the short side, and what is not square is squashed: so it is there.
        yield extent.width() == extent.height()
            ? shortestEdge(height)
            : new Resize.Exact(new Extent(width, height));
      }
      case Resize.Within within ->
          throw new ModelRefusedException(
              "size", "shortest_edge, or height and width", "max_height and max_width");
      case Resize.None none -> none;
    };
  }

  private static int convNextSide(Resize size) {
    if (size instanceof Resize.ShortestEdge edge) {
      return edge.pixels();
    }
    throw new ModelRefusedException("size", "shortest_edge", size.toString());
  }

  private static Optional<Extent> crop(JsonNode config, ProcessorFamily family, Resize size) {
    Optional<Extent> stated = Optional.empty();
    if (flag(config, "do_center_crop", family.crops())) {
      stated = extent(config, "crop_size").or(family::crop);
      if (stated.isEmpty()) {
        throw new ModelRefusedException(
            "crop_size", "a size, since do_center_crop is true", "none");
      }
    }
    if (family != ProcessorFamily.CONVNEXT
        || !flag(config, "do_resize", true)
        || convNextSide(size) >= CONVNEXT_SQUASHES_FROM) {
      return stated;
    }
    Extent own = new Extent(convNextSide(size), convNextSide(size));
    if (stated.isPresent() && !stated.get().equals(own)) {
      throw new ModelRefusedException(
          "crop_size", "the size of " + own.width() + " that is cropped to", sides(stated.get()));
    }
    return Optional.of(own);
  }

  private static double cropPct(JsonNode config, double fallback) {
    double cropPct = number(config, "crop_pct", fallback);
    if (!(cropPct > 0)) {
      throw new ModelRefusedException("crop_pct", "a number above 0", "" + cropPct);
    }
    return cropPct;
  }

  private static Resampling resampling(JsonNode config, ProcessorFamily family) {
    JsonNode resample = config.path("resample");
    if (isAbsent(resample)) {
      return family.resampling();
    }
    if (!resample.isInt() || resample.asInt() < 0 || resample.asInt() > 5) {
      throw new ModelRefusedException("resample", "0 to 5", resample.toString());
    }
    if (family == ProcessorFamily.DINOV3 && resample.asInt() != Resampling.BILINEAR.code()) {
      throw new ModelRefusedException(
          "resample", "2: only bilinear is the same without rounding", resample.toString());
    }
    return Resampling.ofCode(resample.asInt());
  }

  private static Levels levels(JsonNode config, ProcessorFamily family) {
    List<Double> mean = numbers(config, "image_mean", family.means().mean());
    List<Double> std = numbers(config, "image_std", family.means().std());
    Levels levels = Levels.PIXELS;
    if (flag(config, "do_rescale", true)) {
      levels =
          levels.rescaled(
              number(config, "rescale_factor", 1 / 255.0),
              flag(config, "rescale_offset", false) ? -1 : 0);
    }
    if (family.normalises() && flag(config, "do_normalize", true)) {
      levels = levels.normalised(mean, std);
    }
    if (family == ProcessorFamily.EFFICIENTNET && flag(config, "include_top", true)) {
      levels = levels.divided(std);
    }
    return levels;
  }

  private static Resize shortestEdge(int pixels) {
    return new Resize.ShortestEdge(new Extent(pixels, pixels).width(), OptionalInt.empty());
  }

  /** {@code crop_size} or {@code pad_size}. */
  private static Optional<Extent> extent(JsonNode config, String field) {
    JsonNode size = config.path(field);
    if (isAbsent(size)) {
      return Optional.empty();
    }
    if (size.isNumber()) {
      int side = side(field, size);
      return Optional.of(new Extent(side, side));
    }
    if (size.isArray()) {
      return Optional.of(pair(field, size));
    }
    if (!keys(size).equals(Set.of("height", "width"))) {
      throw new ModelRefusedException(field, "an integer, or height and width", size.toString());
    }
    return Optional.of(sides(field, size, "height", "width"));
  }

  private static Set<String> keys(JsonNode size) {
    Set<String> keys = new TreeSet<>();
    size.properties()
        .forEach(
            entry -> {
              if (!entry.getValue().isNull()) {
                keys.add(entry.getKey());
              }
            });
    return keys;
  }

  private static Extent pair(String field, JsonNode size) {
    if (size.size() != 2) {
      throw new ModelRefusedException(field, "height and width", size.toString());
    }
    return new Extent(side(field, size.get(1)), side(field, size.get(0)));
  }

  private static Extent sides(String field, JsonNode size, String height, String width) {
    return new Extent(
        side(field + "." + width, size.path(width)), side(field + "." + height, size.path(height)));
  }

  private static int side(String field, JsonNode node) {
    if (!node.isInt() || node.asInt() < 1 || node.asInt() > 4096) {
      throw new ModelRefusedException(field, "1 to 4096 pixels", node.toString());
    }
    return node.asInt();
  }

  private static String sides(Extent extent) {
    return extent.height() + " x " + extent.width();
  }

  private static boolean isAbsent(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }

  private static boolean flag(JsonNode config, String name, boolean fallback) {
    JsonNode node = config.path(name);
    if (isAbsent(node)) {
      return fallback;
    }
    if (!node.isBoolean()) {
      throw new ModelRefusedException(name, "true or false", node.toString());
    }
    return node.asBoolean();
  }

  private static double number(JsonNode config, String name, double fallback) {
    JsonNode node = config.path(name);
    if (isAbsent(node)) {
      return fallback;
    }
    if (!node.isNumber()) {
      throw new ModelRefusedException(name, "a number", node.toString());
    }
    return node.asDouble();
  }

  /** Three numbers, or one for all three. */
  private static List<Double> numbers(JsonNode config, String name, List<Double> fallback) {
    JsonNode node = config.path(name);
    if (isAbsent(node)) {
      return fallback;
    }
    if (node.isNumber()) {
      return List.of(node.asDouble(), node.asDouble(), node.asDouble());
    }
    List<Double> numbers = new ArrayList<>();
    node.forEach(
        value -> {
          if (value.isNumber()) {
            numbers.add(value.asDouble());
          }
        });
    if (!node.isArray() || node.size() != 3 || numbers.size() != 3) {
      throw new ModelRefusedException(name, "3 numbers, or one", node.toString());
    }
    return numbers;
  }
}
