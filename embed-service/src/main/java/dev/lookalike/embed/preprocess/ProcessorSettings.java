package dev.lookalike.embed.preprocess;

import dev.lookalike.imaging.Resampling;
import java.util.List;
import java.util.Optional;

/**
 * What a Hugging Face image processor is told, as far as the families that are read here need it.
 * The steps run in this order: resize, crop, rescale, normalise.
 *
 * @param resize how large the image is made first
 * @param resampling filter of the resize, Pillow's
 * @param crop cut out of the middle; where the image is smaller, zero pixels are added around it
 * @param rescale factor from 0..255, usually 1/255; 1 where the processor does not rescale
 * @param mean of red, green, blue, after the rescale; zeros where the processor does not normalise
 * @param std of red, green, blue; ones where the processor does not normalise
 */
public record ProcessorSettings(
    Resize resize,
    Resampling resampling,
    Optional<Extent> crop,
    double rescale,
    List<Double> mean,
    List<Double> std) {

  /** Pixels of an image or of a tensor. */
  public record Extent(int width, int height) {
    public Extent {
      if (width < 1 || height < 1 || width > 4096 || height > 4096) {
        throw new IllegalArgumentException(
            "sides of 1 to 4096 pixels are wanted: " + width + " x " + height);
      }
    }
  }

  /** How large an image is made before the crop. */
  public sealed interface Resize {
    /** Left as it is. */
    record None() implements Resize {}

    /** The short side to {@code pixels}, the long one to {@code int(pixels * long / short)}. */
    record ShortestEdge(int pixels) implements Resize {}

    /** Squashed to exactly this. */
    record Exact(Extent extent) implements Resize {}
  }

  public ProcessorSettings {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (mean.size() != 3 || std.size() != 3) {
      throw new IllegalArgumentException("mean and std have three values: " + mean + ", " + std);
    }
    if (std.stream().anyMatch(value -> !(Math.abs(value) > 0))) {
      throw new IllegalArgumentException("std has a zero: " + std);
    }
  }

  /** Size of the tensor, where it does not depend on the image. */
  public Optional<Extent> output() {
    if (crop.isPresent()) {
      return crop;
    }
    return switch (resize) {
      case Resize.Exact exact -> Optional.of(exact.extent());
      case Resize.ShortestEdge edge -> Optional.empty();
      case Resize.None none -> Optional.empty();
    };
  }
}
