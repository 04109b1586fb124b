package dev.lookalike.embed.preprocess;

import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import dev.lookalike.embed.preprocess.ProcessorSettings.Resize;
import dev.lookalike.imaging.Resampler;
import dev.lookalike.imaging.RgbImage;
import java.nio.FloatBuffer;

/**
 * Makes the input of a model from pixels, with the numbers of Hugging Face's slow image processors
 * (transformers 5.23, {@code image_transforms.py}): Pillow's resize on 8-bit pixels, floored crop
 * offset, float32 rescale, float32 normalise. Immutable and thread-safe.
 */
public final class Preprocessor {
  /**
   * Part of the preprocessing version: grows with every change of this package, or of the resampler
   * and decoder under it, that changes a tensor.
   */
  public static final int CODE_VERSION = 1;

  private final ProcessorSettings settings;
  private final Extent output;

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
    this.values = new float[3][256];
    float scale = (float) settings.rescale();
    for (int channel = 0; channel < 3; channel++) {
      float mean = (float) (double) settings.mean().get(channel);
      float std = (float) (double) settings.std().get(channel);
      for (int pixel = 0; pixel < 256; pixel++) {
        values[channel][pixel] = (pixel * scale - mean) / std;
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
   * Writes the tensor of one image, {@code [3, height, width]}, RGB, float32.
   *
   * @param target written absolutely from {@code offset} on; its position does not change
   * @param offset index of the first float
   */
  public void apply(RgbImage image, FloatBuffer target, int offset) {
    Resized resized = resized(image);
    int width = Math.min(output.width(), resized.width());
    int height = Math.min(output.height(), resized.height());
    RgbImage visible =
        Resampler.resizeAndCrop(
            image,
            resized.width(),
            resized.height(),
            settings.resampling(),
            (resized.width() - width) / 2,
            (resized.height() - height) / 2,
            width,
            height);
    if (width == output.width() && height == output.height()) {
      write(visible, target, offset, 0, 0);
    } else {
      fillWithZeroPixels(target, offset);
      // center_crop pads with ceil((wanted - there) / 2) on the top and the left.
      write(
          visible,
          target,
          offset,
          (output.width() - width + 1) / 2,
          (output.height() - height + 1) / 2);
    }
  }

  private Resized resized(RgbImage image) {
    return switch (settings.resize()) {
      case Resize.None none -> new Resized(image.width(), image.height());
      case Resize.Exact exact -> new Resized(exact.extent().width(), exact.extent().height());
      case Resize.ShortestEdge edge -> {
        int small = Math.min(image.width(), image.height());
        int large = Math.max(image.width(), image.height());
        int fitted = (int) ((double) ((long) edge.pixels() * large) / small);
        yield image.width() <= image.height()
            ? new Resized(edge.pixels(), fitted)
            : new Resized(fitted, edge.pixels());
      }
    };
  }

  /** Size after the resize; a long image stays long, and only its middle is computed. */
  private record Resized(int width, int height) {}

  private void fillWithZeroPixels(FloatBuffer target, int offset) {
    int plane = output.width() * output.height();
    for (int channel = 0; channel < 3; channel++) {
      for (int i = 0; i < plane; i++) {
        target.put(offset + channel * plane + i, values[channel][0]);
      }
    }
  }

  private void write(RgbImage image, FloatBuffer target, int offset, int left, int top) {
    byte[] rgb = image.rgb();
    int plane = output.width() * output.height();
    float[] red = values[0];
    float[] green = values[1];
    float[] blue = values[2];
    int from = 0;
    for (int y = 0; y < image.height(); y++) {
      int at = offset + (top + y) * output.width() + left;
      for (int x = 0; x < image.width(); x++, at++, from += 3) {
        target.put(at, red[rgb[from] & 0xff]);
        target.put(at + plane, green[rgb[from + 1] & 0xff]);
        target.put(at + 2 * plane, blue[rgb[from + 2] & 0xff]);
      }
    }
  }
}
