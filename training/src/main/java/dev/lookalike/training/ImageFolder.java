package dev.lookalike.training;

import dev.lookalike.imaging.Bounds;
import dev.lookalike.imaging.CanonicalDecoder;
import dev.lookalike.imaging.CanonicalResult;
import dev.lookalike.imaging.Canonicalizer;
import dev.lookalike.imaging.DecodeResult;
import dev.lookalike.imaging.ImageLimits;
import dev.lookalike.imaging.Resampler;
import dev.lookalike.imaging.Resampling;
import dev.lookalike.imaging.RgbImage;
import dev.lookalike.training.TrainingFailure.Code;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Reads labelled images from folders: each sub-folder is a class and its files are the images. They
 * are decoded and squashed to the input size by the same code as in the services, so that the
 * network learns from the pixels that it will see.
 */
final class ImageFolder {
  /** Default side of the input: the median of the images, within 28 to 96. */
  private static final int LEAST_CHOSEN = 28;

  private static final int MOST_CHOSEN = 96;

  /** Number of images examined to choose the shape. */
  private static final int SAMPLE = 200;

  /**
   * A pixel whose red, green and blue differ by at most this counts as grey, because of JPEG's
   * rounding.
   */
  private static final int GREY_TOLERANCE = 8;

  private static final String TRAIN = "train";
  private static final List<String> TEST = List.of("test", "validation", "val");

  private final PrintStream notes;

  /**
   * @param notes receives a line for each file that is not an image
   */
  ImageFolder(PrintStream notes) {
    this.notes = notes;
  }

  private record Entry(Path file, int label) {}

  /**
   * Reads a folder whose sub-folders are the classes, or are {@code train} and one of {@code test},
   * {@code validation} and {@code val} with the classes in them.
   *
   * @param size side of the input in pixels; if empty, it follows the images
   * @param held share of the images used only for testing, if no sub-folder says which
   * @throws TrainingFailure BAD_DATA, TOO_LITTLE_DATA or TOO_MUCH_DATA
   */
  LabelledImages.Parts read(Path folder, Optional<Integer> size, double held, long seed) {
    List<String> top = folders(folder);
    Optional<String> test = TEST.stream().filter(top::contains).findFirst();
    if (!top.contains(TRAIN) || test.isEmpty()) {
      List<Entry> entries = entries(folder, top);
      InputShape shape = shape(entries, size);
      return images(entries, top, shape).split(1 - held, seed);
    }
    Path trainFolder = folder.resolve(TRAIN);
    Path testFolder = folder.resolve(test.get());
    TreeSet<String> classes = new TreeSet<>(folders(trainFolder));
    classes.addAll(folders(testFolder));
    List<String> names = List.copyOf(classes);
    List<Entry> trainEntries = entries(trainFolder, names);
    InputShape shape = shape(trainEntries, size);
    return new LabelledImages.Parts(
        images(trainEntries, names, shape), images(entries(testFolder, names), names, shape));
  }

  private static List<String> folders(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(Files::isDirectory)
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new TrainingFailure(
          Code.BAD_DATA, folder + ": cannot read this folder: " + e.getMessage(), e);
    }
  }

  private static List<Entry> entries(Path folder, List<String> classes) {
    List<Entry> entries = new ArrayList<>();
    for (int label = 0; label < classes.size(); label++) {
      Path own = folder.resolve(classes.get(label));
      if (!Files.isDirectory(own)) {
        continue;
      }
      try (Stream<Path> files = Files.walk(own)) {
        int index = label;
        files
            .filter(Files::isRegularFile)
            .filter(file -> !String.valueOf(file.getFileName()).startsWith("."))
            .sorted()
            .forEach(file -> entries.add(new Entry(file, index)));
      } catch (IOException | java.io.UncheckedIOException e) {
        throw new TrainingFailure(Code.BAD_DATA, own + ": " + e.getMessage(), e);
      }
    }
    if (classes.size() < 2 || entries.isEmpty()) {
      throw new TrainingFailure(
          Code.TOO_LITTLE_DATA,
          "%s: needs at least two sub-folders with images, one for each class; found %d with %d files"
              .formatted(folder, classes.size(), entries.size()));
    }
    return entries;
  }

  /** Grey if all examined images are grey; as large as their median, within 28 to 96. */
  private InputShape shape(List<Entry> entries, Optional<Integer> size) {
    List<Integer> widths = new ArrayList<>();
    List<Integer> heights = new ArrayList<>();
    boolean grey = true;
    int step = Math.max(1, entries.size() / SAMPLE);
    for (int i = 0; i < entries.size(); i += step) {
      Optional<RgbImage> image = decoded(entries.get(i).file(), false);
      if (image.isPresent()) {
        widths.add(image.get().width());
        heights.add(image.get().height());
        grey &= isGrey(image.get());
      }
    }
    if (widths.isEmpty()) {
      throw new TrainingFailure(
          Code.BAD_DATA, "none of the " + entries.size() + " files is an image");
    }
    int channels = grey ? 1 : 3;
    try {
      if (size.isPresent()) {
        return new InputShape(channels, size.get(), size.get());
      }
      widths.sort(null);
      heights.sort(null);
      double width = widths.get(widths.size() / 2);
      double height = heights.get(heights.size() / 2);
      double shrink = Math.min(1, MOST_CHOSEN / Math.max(width, height));
      return new InputShape(
          channels,
          Math.clamp(Math.round(height * shrink), LEAST_CHOSEN, MOST_CHOSEN),
          Math.clamp(Math.round(width * shrink), LEAST_CHOSEN, MOST_CHOSEN));
    } catch (IllegalArgumentException e) {
      throw new TrainingFailure(Code.BAD_DATA, String.valueOf(e.getMessage()), e);
    }
  }

  private LabelledImages images(List<Entry> entries, List<String> classes, InputShape shape) {
    Memory.check(entries.size(), shape);
    List<byte[]> pixels = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    for (Entry entry : entries) {
      Optional<RgbImage> image = decoded(entry.file(), true);
      if (image.isPresent()) {
        pixels.add(pixels(image.get(), shape));
        labels.add(entry.label());
      }
    }
    return new LabelledImages(
        shape,
        classes,
        pixels.toArray(byte[][]::new),
        labels.stream().mapToInt(Integer::intValue).toArray());
  }

  /**
   * The image as the network sees it: squashed to the shape with Pillow's bilinear filter; grey is
   * the mean of red, green and blue, as in the exported graph.
   */
  static byte[] pixels(RgbImage image, InputShape shape) {
    byte[] rgb = Resampler.resize(image, shape.width(), shape.height(), Resampling.BILINEAR).rgb();
    int plane = shape.height() * shape.width();
    byte[] pixels = new byte[shape.size()];
    for (int i = 0; i < plane; i++) {
      int red = rgb[3 * i] & 0xff;
      int green = rgb[3 * i + 1] & 0xff;
      int blue = rgb[3 * i + 2] & 0xff;
      if (shape.channels() == 1) {
        pixels[i] = (byte) Math.round((red + green + blue) / 3f);
      } else {
        pixels[i] = (byte) red;
        pixels[plane + i] = (byte) green;
        pixels[2 * plane + i] = (byte) blue;
      }
    }
    return pixels;
  }

  private static boolean isGrey(RgbImage image) {
    byte[] rgb = image.rgb();
    for (int i = 0; i < rgb.length; i += 3) {
      int red = rgb[i] & 0xff;
      int green = rgb[i + 1] & 0xff;
      int blue = rgb[i + 2] & 0xff;
      if (Math.max(red, Math.max(green, blue)) - Math.min(red, Math.min(green, blue))
          > GREY_TOLERANCE) {
        return false;
      }
    }
    return true;
  }

  private Optional<RgbImage> decoded(Path file, boolean tell) {
    byte[] bytes;
    try {
      if (Files.size(file) > ImageLimits.DEFAULT.maxBytes()) {
        throw new IOException("more than " + ImageLimits.DEFAULT.maxBytes() + " bytes");
      }
      bytes = Files.readAllBytes(file);
    } catch (IOException e) {
      if (tell) {
        notes.println("left out: " + file + ": " + e.getMessage());
      }
      return Optional.empty();
    }
    DecodeResult result =
        switch (Canonicalizer.canonicalize(bytes, ImageLimits.DEFAULT, Bounds.DEFAULT)) {
          case CanonicalResult.Refused refused ->
              new DecodeResult.Refused(refused.reason(), refused.detail());
          case CanonicalResult.Canonical canonical ->
              CanonicalDecoder.decode(canonical.image().jpeg());
        };
    return switch (result) {
      case DecodeResult.Decoded decoded -> Optional.of(decoded.image());
      case DecodeResult.Refused refused -> {
        if (tell) {
          notes.println("left out: " + file + ": " + refused.reason() + ": " + refused.detail());
        }
        yield Optional.empty();
      }
    };
  }
}
