package dev.lookalike.embed.model.folder;

import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import dev.lookalike.embed.preprocess.ProcessorSettings.Resize;
import dev.lookalike.imaging.Resampling;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * Classes of image processors that work alike, with the defaults of transformers 4.57.6, the last
 * release whose configurations may lack keys: transformers 5 writes them all, and has other
 * defaults for some.
 */
enum ProcessorFamily {
  VIT(List.of("ViT"), square(224), Resampling.BILINEAR, Crops.NO, 0, Means.HALF),
  DEIT(List.of("DeiT"), square(256), Resampling.BICUBIC, Crops.YES, 224, Means.HALF),
  BEIT(List.of("Beit"), square(256), Resampling.BICUBIC, Crops.YES, 224, Means.HALF),
  /** {@code BeitImageProcessorFast}, which has other defaults than its plain class. */
  BEIT_FAST(List.of(), square(224), Resampling.BICUBIC, Crops.NO, 224, Means.HALF),
  /** DINOv2, among others, has the processor of BiT. */
  CLIP(
      List.of("CLIP", "Bit", "ChineseCLIP"),
      shortestEdge(224),
      Resampling.BICUBIC,
      Crops.YES,
      224,
      Means.CLIP),
  SIGLIP(List.of("Siglip"), square(224), Resampling.BICUBIC, Crops.NO, 0, Means.HALF),
  BLIP(List.of("Blip"), square(384), Resampling.BICUBIC, Crops.NO, 0, Means.CLIP),
  /** ResNet, RegNet and CvT have the processor of ConvNeXt. */
  CONVNEXT(List.of("ConvNext"), shortestEdge(384), Resampling.BILINEAR, Crops.NO, 0, Means.HALF),
  MOBILENET(
      List.of("MobileNetV1", "MobileNetV2"),
      shortestEdge(256),
      Resampling.BILINEAR,
      Crops.YES,
      224,
      Means.HALF),
  MOBILEVIT(
      List.of("MobileViT"), shortestEdge(224), Resampling.BILINEAR, Crops.YES, 256, Means.NONE),
  EFFICIENTNET(List.of("EfficientNet"), square(346), Resampling.NEAREST, Crops.NO, 289, Means.HALF),
  LEVIT(List.of("Levit"), shortestEdge(224), Resampling.BICUBIC, Crops.YES, 224, Means.IMAGENET),
  POOLFORMER(
      List.of("PoolFormer"), shortestEdge(224), Resampling.BICUBIC, Crops.YES, 224, Means.IMAGENET),
  PVT(List.of("Pvt"), square(224), Resampling.BILINEAR, Crops.NO, 0, Means.IMAGENET),
  SEGFORMER(List.of("Segformer"), square(512), Resampling.BILINEAR, Crops.NO, 0, Means.IMAGENET),
  /**
   * Exists on torch only, where it resizes floats: ours rounds the resized values to 8 bits, as
   * those of all others are.
   */
  DINOV3(List.of("DINOv3ViT"), square(224), Resampling.BILINEAR, Crops.NO, 0, Means.IMAGENET);

  private enum Crops {
    YES,
    NO
  }

  /**
   * Constants of {@code image_utils.py} of transformers.
   *
   * @param mean of red, green, blue
   * @param std of red, green, blue
   */
  record Means(List<Double> mean, List<Double> std) {
    /** {@code IMAGENET_STANDARD_MEAN} and {@code IMAGENET_STANDARD_STD}. */
    static final Means HALF = new Means(List.of(0.5, 0.5, 0.5), List.of(0.5, 0.5, 0.5));

    /** {@code IMAGENET_DEFAULT_MEAN} and {@code IMAGENET_DEFAULT_STD}. */
    static final Means IMAGENET =
        new Means(List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225));

    /** {@code OPENAI_CLIP_MEAN} and {@code OPENAI_CLIP_STD}. */
    static final Means CLIP =
        new Means(
            List.of(0.48145466, 0.4578275, 0.40821073),
            List.of(0.26862954, 0.26130258, 0.27577711));

    /** Of a class that does not normalise, whatever it is told. */
    static final Means NONE = new Means(List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));
  }

  private final List<String> names;
  private final Resize resize;
  private final Resampling resampling;
  private final boolean crops;
  private final Optional<Extent> crop;
  private final Means means;

  ProcessorFamily(
      List<String> names,
      Resize resize,
      Resampling resampling,
      Crops crops,
      int crop,
      Means means) {
    this.names = names;
    this.resize = resize;
    this.resampling = resampling;
    this.crops = crops == Crops.YES;
    this.crop = crop == 0 ? Optional.empty() : Optional.of(new Extent(crop, crop));
    this.means = means;
  }

  private static Resize square(int side) {
    return new Resize.Exact(new Extent(side, side));
  }

  private static Resize shortestEdge(int pixels) {
    return new Resize.ShortestEdge(pixels, OptionalInt.empty());
  }

  /**
   * The family of a class: {@code XImageProcessor}, with {@code Fast} or {@code Pil} behind it, or
   * {@code XFeatureExtractor} of old files.
   *
   * @throws ModelRefusedException with the names that are read here
   */
  static ProcessorFamily of(String type) {
    String name =
        type.replaceFirst("FeatureExtractor$", "ImageProcessor")
            .replaceFirst("ImageProcessor(Fast|Pil)$", "ImageProcessor");
    for (ProcessorFamily family : values()) {
      if (family.names.stream().anyMatch(known -> name.equals(known + "ImageProcessor"))) {
        boolean fast = type.endsWith("Fast") || type.endsWith("Pil");
        return family == BEIT && fast ? BEIT_FAST : family;
      }
    }
    throw new ModelRefusedException(
        "image_processor_type",
        Arrays.stream(values())
            .flatMap(family -> family.names.stream())
            .map(known -> known + "ImageProcessor")
            .sorted()
            .collect(Collectors.joining(", ", "one of ", ", TimmWrapperImageProcessor")),
        type);
  }

  /** Where {@code size} is missing. */
  Resize resize() {
    return resize;
  }

  /** Where {@code resample} is missing. */
  Resampling resampling() {
    return resampling;
  }

  /** Where {@code do_center_crop} is missing. */
  boolean crops() {
    return crops;
  }

  /** Where {@code crop_size} is missing. */
  Optional<Extent> crop() {
    return crop;
  }

  /** Where {@code image_mean} or {@code image_std} is missing. */
  Means means() {
    return means;
  }

  /** Whether it normalises at all. */
  boolean normalises() {
    return this != MOBILEVIT;
  }

  /** Whether a {@code size} that is an integer is both sides; else it is the short one. */
  boolean squares() {
    return switch (this) {
      case VIT, DEIT, BEIT, BEIT_FAST, BLIP, EFFICIENTNET, PVT, SEGFORMER, DINOV3 -> true;
      case CLIP, SIGLIP, CONVNEXT, MOBILENET, MOBILEVIT, LEVIT, POOLFORMER -> false;
    };
  }

  /** Whether {@code do_pad} does something. */
  boolean pads() {
    return switch (this) {
      case VIT, DEIT, CLIP, SIGLIP, BLIP, LEVIT, POOLFORMER, PVT -> true;
      // Of MobileNet's two classes one pads and one does not.
      case BEIT, BEIT_FAST, CONVNEXT, MOBILENET, MOBILEVIT, EFFICIENTNET, SEGFORMER, DINOV3 ->
          false;
    };
  }
}
