package dev.lookalike.embed.preprocess;

import dev.lookalike.embed.preprocess.ProcessorSettings.Crop;
import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import dev.lookalike.embed.preprocess.ProcessorSettings.Resize;
import dev.lookalike.embed.preprocess.ProcessorSettings.Rounding;
import dev.lookalike.imaging.Resampler;
import dev.lookalike.imaging.RgbImage;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Optional;

/**
 * Makes the input of a model from pixels, with the numbers of Hugging Face's image processors on
 * Pillow ({@code image_transforms.py} of transformers): Pillow's resize on 8-bit pixels, crop of
 * the middle, then a table of the 256 values of each channel. Immutable and thread-safe.
 */
public final class Preprocessor {
  /**
   * Part of the preprocessing version: grows with every change of this package, or of the resampler
   * and decoder under it, that changes a tensor.
   */
  public static final int CODE_VERSION = 2;

  private final ProcessorSettings settings;
  private final Extent output;

  /** What the crop leaves: the output without the padding. */
  private final Extent inner;

  /** Tensor value of each 8-bit value, for red, green and blue. */
  private final float[][] values;

  /**
   * @throws IllegalArgumentException where the size of the tensor would depend on the image
   */
  public Preprocessor(ProcessorSettings settings) {
    this.settings = settings;
    this.output =
        settings
            .output()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "the size of the input depends on the image: a crop, or a size with height"
                            + " and width, is wanted"));
    this.inner = settings.crop().map(Crop::extent).orElse(output);
    this.values = new float[3][256];
    for (int channel = 0; channel < 3; channel++) {
      for (int pixel = 0; pixel < 256; pixel++) {
        values[channel][pixel] = settings.levels().of(channel, pixel);
      }
    }
  }

  /** Width and height of the tensor. */
  public Extent output() {
    return output;
  }

  /** Floats of one image: 3 x height x width. */
  public int floats() {
    return 3 * output.width() * output.height();
  }

  /**
   * What the model's input is made of where only the 8-bit pixels are handed over: they fill {@code
   * area}, from the top left, and become numbers by a table; the rest of the tensor is zero.
   *
   * @param values of the 256 levels, for each plane of the tensor
   * @param bgr whether the first plane is the blue one
   */
  public record Pixels(Extent area, float[][] values, boolean bgr) {}

  /** Empty where the area that an image fills depends on the image. */
  public Optional<Pixels> pixels() {
    Optional<Extent> area =
        settings
            .crop()
            .map(Crop::extent)
            .or(
                () ->
                    settings.resize() instanceof Resize.Exact exact
                        ? Optional.of(exact.extent())
                        : Optional.empty());
    float[][] planes =
        settings.bgr() ? new float[][] {values[2], values[1], values[0]} : values.clone();
    return area.map(known -> new Pixels(known, planes, settings.bgr()));
  }

  /**
   * Writes the tensor of one image, {@code [3, height, width]}, float32, RGB (BGR where the
   * settings say so).
   *
   * @param target written absolutely from {@code offset} on; its position does not change
   * @param offset index of the first float
   */
  public void apply(RgbImage image, FloatBuffer target, int offset) {
    Placed placed = placed(image);
    if (!inner.equals(output)) {
      fill(target, offset, output, new float[3]);
    }
    if (!placed.fills(inner)) {
      if (settings.crop().isPresent()) {
        fill(target, offset, inner, new float[] {values[0][0], values[1][0], values[2][0]});
      } else {
        fill(target, offset, inner, new float[3]);
      }
    }
    write(placed.pixels(), target, offset, placed.left(), placed.top());
  }

  /**
   * Writes the pixels of which {@link #pixels} tells how the tensor of one image comes of them:
   * {@code [height, width, 3]} of the output, 0 to 255, RGB.
   *
   * @param target written absolutely from {@code offset} on; its position does not change
   * @param offset index of the first byte
   */
  public void apply(RgbImage image, ByteBuffer target, int offset) {
    Placed placed = placed(image);
    if (!placed.fills(output)) {
      for (int i = 0; i < floats(); i++) {
        target.put(offset + i, (byte) 0);
      }
    }
    int row = placed.pixels().width() * 3;
    for (int y = 0; y < placed.pixels().height(); y++) {
      int to = ((placed.top() + y) * output.width() + placed.left()) * 3;
      target.put(offset + to, placed.pixels().rgb(), y * row, row);
    }
  }

  /** What is seen of an image after resize and crop, and where it goes. */
  private record Placed(RgbImage pixels, int left, int top) {
    boolean fills(Extent extent) {
      return pixels.width() >= extent.width() && pixels.height() >= extent.height();
    }
  }

  private Placed placed(RgbImage image) {
    Resized resized = resized(image);
    Window columns = window(resized.width(), inner.width());
    Window rows = window(resized.height(), inner.height());
    RgbImage visible =
        Resampler.resizeAndCrop(
            image,
            resized.width(),
            resized.height(),
            settings.resampling(),
            columns.from(),
            rows.from(),
            columns.length(),
            rows.length());
    return new Placed(visible, columns.to(), rows.to());
  }

  /** The part of one direction that is seen: {@code length} pixels, and where they go. */
  private record Window(int from, int to, int length) {}

  private Window window(int there, int wanted) {
    if (settings.crop().isEmpty()) {
      return new Window(0, 0, Math.min(there, wanted));
    }
    boolean floored = settings.crop().get().rounding() == Rounding.TRANSFORMERS;
    if (there >= wanted) {
      int spare = there - wanted;
      return new Window(floored ? spare / 2 : (int) Math.rint(spare / 2.0), 0, wanted);
    }
    int missing = wanted - there;
    return new Window(0, floored ? (missing + 1) / 2 : missing / 2, there);
  }

  private Resized resized(RgbImage image) {
    return switch (settings.resize()) {
      case Resize.None none -> new Resized(image.width(), image.height());
      case Resize.Exact exact -> new Resized(exact.extent().width(), exact.extent().height());
      case Resize.ShortestEdge edge -> resized(image, edge);
      case Resize.Within within -> {
        double scale =
            Math.min(
                (double) within.extent().height() / image.height(),
                (double) within.extent().width() / image.width());
        yield new Resized(
            Math.max(1, (int) (image.width() * scale)),
            Math.max(1, (int) (image.height() * scale)));
      }
    };
  }

  /**
   * {@code get_resize_output_image_size}; with a longest edge {@code get_size_with_aspect_ratio}.
   */
  private static Resized resized(RgbImage image, Resize.ShortestEdge edge) {
    int small = Math.min(image.width(), image.height());
    int large = Math.max(image.width(), image.height());
    int fittedSmall = edge.pixels();
    int fittedLarge;
    if (edge.longest().isPresent()
        && (double) large / small * edge.pixels() > edge.longest().getAsInt()) {
      double exact = (double) ((long) edge.longest().getAsInt() * small) / large;
      fittedSmall = (int) Math.rint(exact);
      fittedLarge = fittedSmall == small ? large : (int) (exact * large / small);
      fittedSmall = Math.max(1, fittedSmall);
    } else {
      fittedLarge = (int) ((double) ((long) edge.pixels() * large) / small);
    }
    return image.width() <= image.height()
        ? new Resized(fittedSmall, fittedLarge)
        : new Resized(fittedLarge, fittedSmall);
  }

  /** Size after the resize; a long image stays long, and only its middle is computed. */
  private record Resized(int width, int height) {}

  /** Fills the top left part of each plane; the colours are red, green, blue. */
  private void fill(FloatBuffer target, int offset, Extent part, float[] colour) {
    for (int channel = 0; channel < 3; channel++) {
      int plane = offset + plane(channel);
      for (int y = 0; y < part.height(); y++) {
        for (int x = 0; x < part.width(); x++) {
          target.put(plane + y * output.width() + x, colour[channel]);
        }
      }
    }
  }

  /** Index of the first float of red, green or blue. */
  private int plane(int channel) {
    return (settings.bgr() ? 2 - channel : channel) * output.width() * output.height();
  }

  private void write(RgbImage image, FloatBuffer target, int offset, int left, int top) {
    byte[] rgb = image.rgb();
    float[] red = values[0];
    float[] green = values[1];
    float[] blue = values[2];
    int toRed = offset + plane(0);
    int toGreen = offset + plane(1);
    int toBlue = offset + plane(2);
    int from = 0;
    for (int y = 0; y < image.height(); y++) {
      int at = (top + y) * output.width() + left;
      for (int x = 0; x < image.width(); x++, at++, from += 3) {
        target.put(toRed + at, red[rgb[from] & 0xff]);
        target.put(toGreen + at, green[rgb[from + 1] & 0xff]);
        target.put(toBlue + at, blue[rgb[from + 2] & 0xff]);
      }
    }
  }
}
