package dev.lookalike.embed.preprocess;

import dev.lookalike.imaging.Resampling;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What an image processor is told. The steps run in this order: resize, crop, rescale, normalise,
 * flip the channels, pad.
 *
 * @param resize how large the image is made first
 * @param resampling filter of the resize, Pillow's
 * @param crop cut out of the middle; where the image is smaller, zero pixels are added around it
 * @param levels what becomes of the 8-bit values
 * @param bgr whether the first plane of the tensor is the blue one
 * @param pad zeros of the tensor added at the right and at the bottom up to this size
 */
public record ProcessorSettings(
    Resize resize,
    Resampling resampling,
    Optional<Crop> crop,
    Levels levels,
    boolean bgr,
    Optional<Extent> pad) {

  /** Pixels of an image or of a tensor. */
  public record Extent(int width, int height) {
    public Extent {
      if (width < 1 || height < 1 || width > 4096 || height > 4096) {
        throw new IllegalArgumentException(
            "sides of 1 to 4096 pixels are wanted: " + width + " x " + height);
      }
    }

    boolean holds(int otherWidth, int otherHeight) {
      return otherWidth <= width && otherHeight <= height;
    }
  }

  /** How large an image is made before the crop. No side becomes less than one pixel. */
  public sealed interface Resize {
    /** Left as it is. */
    record None() implements Resize {}

    /**
     * The short side to {@code pixels}, the long one to {@code int(pixels * long / short)}; where
     * that is more than {@code longest}, the long side to that and the short one to its share.
     */
    record ShortestEdge(int pixels, OptionalInt longest) implements Resize {}

    /** As large as fits, in its proportions. */
    record Within(Extent extent) implements Resize {}

    /** Squashed to exactly this. */
    record Exact(Extent extent) implements Resize {}
  }

  /**
   * A crop of the middle.
   *
   * @param rounding of a middle that lies between two pixels
   */
  public record Crop(Extent extent, Rounding rounding) {}

  /** What becomes of half a pixel where the middle is looked for. */
  public enum Rounding {
    /** {@code center_crop} of transformers: offset floored, padding before the image rounded up. */
    TRANSFORMERS,
    /**
     * {@code CenterCrop} of torchvision: offset rounded half to even, padding before the image
     * rounded down.
     */
    TORCHVISION
  }

  /**
   * What becomes of the 8-bit values, in float32: {@code ((value * factor + offset) - mean) / std /
   * divisor}.
   *
   * @param factor usually 1/255; 1 where the processor does not rescale
   * @param offset usually 0
   * @param mean of red, green, blue; zeros where the processor does not normalise
   * @param std of red, green, blue; ones where the processor does not normalise
   * @param divisor of red, green, blue; ones where there is no further division
   */
  public record Levels(
      double factor, double offset, List<Double> mean, List<Double> std, List<Double> divisor) {
    private static final List<Double> ZEROS = List.of(0.0, 0.0, 0.0);
    private static final List<Double> ONES = List.of(1.0, 1.0, 1.0);

    /** The 8-bit values themselves. */
    public static final Levels PIXELS = new Levels(1, 0, ZEROS, ONES, ONES);

    public Levels {
      mean = List.copyOf(mean);
      std = List.copyOf(std);
      divisor = List.copyOf(divisor);
      if (mean.size() != 3 || std.size() != 3 || divisor.size() != 3) {
        throw new IllegalArgumentException(
            "three values are wanted: " + mean + ", " + std + ", " + divisor);
      }
      for (int channel = 0; channel < 3; channel++) {
        float black = value(factor, offset, mean, std, divisor, channel, 0);
        float white = value(factor, offset, mean, std, divisor, channel, 255);
        if (!Float.isFinite(black) || !Float.isFinite(white) || black == white) {
          throw new IllegalArgumentException(
              "black becomes %s and white %s: factor %s, mean %s, std %s"
                  .formatted(black, white, factor, mean, std));
        }
      }
    }

    /** The same, rescaled. */
    public Levels rescaled(double newFactor, double newOffset) {
      return new Levels(newFactor, newOffset, mean, std, divisor);
    }

    /** The same, normalised. */
    public Levels normalised(List<Double> newMean, List<Double> newStd) {
      return new Levels(factor, offset, newMean, newStd, divisor);
    }

    /** The same, divided once more at the end. */
    public Levels divided(List<Double> newDivisor) {
      return new Levels(factor, offset, mean, std, newDivisor);
    }

    /**
     * What the tensor has for a value of 0 to 255, with the rounding of transformers: the product
     * in float64, everything else in float32.
     */
    float of(int channel, int pixel) {
      return value(factor, offset, mean, std, divisor, channel, pixel);
    }

    private static float value(
        double factor,
        double offset,
        List<Double> mean,
        List<Double> std,
        List<Double> divisor,
        int channel,
        int pixel) {
      float rescaled = (float) (pixel * factor) + (float) offset;
      float normalised =
          (rescaled - mean.get(channel).floatValue()) / std.get(channel).floatValue();
      return normalised / divisor.get(channel).floatValue();
    }
  }

  public ProcessorSettings {
    if (pad.isPresent() && !fits(resize, crop, pad.get())) {
      throw new IllegalArgumentException(
          "pad_size %d x %d does not hold every resized image"
              .formatted(pad.get().width(), pad.get().height()));
    }
  }

  private static boolean fits(Resize resize, Optional<Crop> crop, Extent pad) {
    if (crop.isPresent()) {
      return pad.holds(crop.get().extent().width(), crop.get().extent().height());
    }
    return switch (resize) {
      case Resize.Exact exact -> pad.holds(exact.extent().width(), exact.extent().height());
      case Resize.Within within -> pad.holds(within.extent().width(), within.extent().height());
      case Resize.ShortestEdge edge ->
          edge.longest().isPresent()
              && pad.holds(edge.longest().getAsInt(), edge.longest().getAsInt());
      case Resize.None none -> false;
    };
  }

  /** Size of the tensor, where it does not depend on the image. */
  public Optional<Extent> output() {
    if (pad.isPresent()) {
      return pad;
    }
    if (crop.isPresent()) {
      return crop.map(Crop::extent);
    }
    return switch (resize) {
      case Resize.Exact exact -> Optional.of(exact.extent());
      case Resize.Within within -> Optional.empty();
      case Resize.ShortestEdge edge -> Optional.empty();
      case Resize.None none -> Optional.empty();
    };
  }
}
