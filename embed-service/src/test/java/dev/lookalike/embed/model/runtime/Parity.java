package dev.lookalike.embed.model.runtime;

import dev.lookalike.embed.model.ModelFailedException;
import dev.lookalike.imaging.Bounds;
import dev.lookalike.imaging.CanonicalDecoder;
import dev.lookalike.imaging.CanonicalResult;
import dev.lookalike.imaging.Canonicalizer;
import dev.lookalike.imaging.DecodeResult;
import dev.lookalike.imaging.ImageLimits;
import dev.lookalike.imaging.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How close our vectors of files are to the reference's.
 *
 * @param mean of the cosines
 * @param minimum of the cosines
 * @param sameNeighbour share of files whose nearest other file is the reference's
 */
record Parity(double mean, double minimum, double sameNeighbour) {
  /** How pixels come to the preprocessor. */
  enum Way {
    /** Decoded from the JPEG file; EXIF orientation and profiles are not looked at. */
    DIRECT,
    /** Through the canonical image. */
    CANONICAL,
    /** Decoded, and wrong. */
    RED_AND_BLUE_SWAPPED
  }

  /**
   * Embeds the files and prints what it found.
   *
   * @param reference vectors in the order of {@code files}
   */
  static Parity of(String what, OnnxModel model, Way way, List<Path> files, List<float[]> reference)
      throws IOException, ModelFailedException {
    List<float[]> ours = vectors(model, way, files);
    double sum = 0;
    double minimum = 1;
    for (int i = 0; i < files.size(); i++) {
      double cosine = cosine(ours.get(i), reference.get(i));
      sum += cosine;
      minimum = Math.min(minimum, cosine);
    }
    int same = 0;
    for (int i = 0; i < files.size(); i++) {
      same += nearest(ours, i) == nearest(reference, i) ? 1 : 0;
    }
    Parity parity = new Parity(sum / files.size(), minimum, same / (double) files.size());
    System.out.printf(
        "parity of %s, %s, %d files: cosine to the reference mean %.5f minimum %.5f, same"
            + " neighbour %.3f%n",
        what, way, files.size(), parity.mean, parity.minimum, parity.sameNeighbour);
    return parity;
  }

  /** The embeddings of files. */
  static List<float[]> vectors(OnnxModel model, Way way, List<Path> files)
      throws IOException, ModelFailedException {
    PixelBuffer pixels = model.buffer(1);
    List<float[]> vectors = new ArrayList<>();
    for (Path file : files) {
      pixels.write(image(Files.readAllBytes(file), way), 0);
      vectors.add(model.infer(pixels, 0, 1).getFirst().embedding());
    }
    return vectors;
  }

  private static RgbImage image(byte[] file, Way way) {
    if (way == Way.CANONICAL) {
      CanonicalResult result =
          Canonicalizer.canonicalize(file, ImageLimits.DEFAULT, Bounds.DEFAULT);
      if (result instanceof CanonicalResult.Canonical canonical) {
        return decoded(canonical.image().jpeg());
      }
      throw new IllegalArgumentException(String.valueOf(result));
    }
    RgbImage image = decoded(file);
    if (way == Way.RED_AND_BLUE_SWAPPED) {
      byte[] rgb = image.rgb();
      for (int i = 0; i < rgb.length; i += 3) {
        byte red = rgb[i];
        rgb[i] = rgb[i + 2];
        rgb[i + 2] = red;
      }
    }
    return image;
  }

  private static RgbImage decoded(byte[] jpeg) {
    if (CanonicalDecoder.decode(jpeg) instanceof DecodeResult.Decoded(RgbImage image)) {
      return image;
    }
    throw new IllegalArgumentException("no JPEG");
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }

  private static int nearest(List<float[]> vectors, int of) {
    int nearest = -1;
    double most = -2;
    for (int i = 0; i < vectors.size(); i++) {
      double cosine = i == of ? -2 : cosine(vectors.get(i), vectors.get(of));
      if (cosine > most) {
        most = cosine;
        nearest = i;
      }
    }
    return nearest;
  }
}
