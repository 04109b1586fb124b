package dev.lookalike.training;

import dev.lookalike.training.TrainingFailure.Code;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Reads images and labels in the idx format of MNIST (Y. LeCun, C. Cortes, C. Burges): big-endian;
 * magic 0x00000803, count, rows, columns, then a byte for each pixel; magic 0x00000801, count, then
 * a byte for each label. Plain or gzip, detected from the content.
 */
final class IdxFiles {
  private static final int IMAGES = 0x0803;
  private static final int LABELS = 0x0801;
  private static final int MOST_IMAGES = 10_000_000;

  private IdxFiles() {}

  /**
   * Reads a folder with {@code train-images-idx3-ubyte} and {@code train-labels-idx1-ubyte}, and
   * the two of {@code t10k} if present. The last hyphen but one may be a dot, and the name may end
   * in {@code .gz}.
   *
   * @return the images to train on and to test with: the ones of {@code t10k}, or a random seventh
   *     of the first
   * @throws TrainingFailure BAD_DATA with the file and the problem
   */
  static LabelledImages.Parts folder(Path folder, long seed) {
    Path images =
        file(folder, "train-images", "idx3")
            .orElseThrow(() -> missing(folder, "train-images-idx3-ubyte"));
    Path labels =
        file(folder, "train-labels", "idx1")
            .orElseThrow(() -> missing(folder, "train-labels-idx1-ubyte"));
    LabelledImages train = read(images, labels);
    Optional<Path> testImages = file(folder, "t10k-images", "idx3");
    Optional<Path> testLabels = file(folder, "t10k-labels", "idx1");
    if (testImages.isEmpty() || testLabels.isEmpty()) {
      return train.split(6 / 7.0, seed);
    }
    LabelledImages test = read(testImages.get(), testLabels.get());
    if (!test.shape().equals(train.shape())) {
      throw new TrainingFailure(
          Code.BAD_DATA,
          "%s: expected images of %s, found %s"
              .formatted(testImages.get(), train.shape(), test.shape()));
    }
    // A class that only one of the two files has still counts.
    List<String> classes =
        train.classes().size() > test.classes().size() ? train.classes() : test.classes();
    return new LabelledImages.Parts(named(train, classes), named(test, classes));
  }

  private static LabelledImages named(LabelledImages images, List<String> classes) {
    return new LabelledImages(images.shape(), classes, images.pixels(), images.labels());
  }

  private static TrainingFailure missing(Path folder, String name) {
    return new TrainingFailure(
        Code.BAD_DATA, folder + ": there is no file " + name + ", with or without .gz");
  }

  private static Optional<Path> file(Path folder, String name, String kind) {
    return Stream.of("-", ".")
        .flatMap(mark -> Stream.of("", ".gz").map(end -> name + mark + kind + "-ubyte" + end))
        .map(folder::resolve)
        .filter(Files::isRegularFile)
        .findFirst();
  }

  /**
   * Reads two files. The classes are the numbers 0 to the largest label.
   *
   * @throws TrainingFailure BAD_DATA with the file and the problem
   */
  static LabelledImages read(Path imageFile, Path labelFile) {
    InputShape shape;
    byte[][] pixels;
    try (DataInputStream in = open(imageFile)) {
      int count = header(in, imageFile, IMAGES);
      int height = in.readInt();
      int width = in.readInt();
      try {
        shape = new InputShape(1, height, width);
      } catch (IllegalArgumentException e) {
        throw new TrainingFailure(Code.BAD_DATA, imageFile + ": " + e.getMessage(), e);
      }
      Memory.check(count, shape);
      pixels = new byte[count][shape.size()];
      for (byte[] image : pixels) {
        in.readFully(image);
      }
    } catch (IOException e) {
      throw unreadable(imageFile, e);
    }
    int[] labels;
    try (DataInputStream in = open(labelFile)) {
      labels = new int[header(in, labelFile, LABELS)];
      for (int i = 0; i < labels.length; i++) {
        labels[i] = in.readUnsignedByte();
      }
    } catch (IOException e) {
      throw unreadable(labelFile, e);
    }
    if (labels.length != pixels.length || labels.length == 0) {
      throw new TrainingFailure(
          Code.BAD_DATA,
          "%s: %d labels for the %d images of %s"
              .formatted(labelFile, labels.length, pixels.length, imageFile));
    }
    int most = IntStream.of(labels).max().orElse(0);
    List<String> classes = IntStream.rangeClosed(0, most).mapToObj(Integer::toString).toList();
    return new LabelledImages(shape, classes, pixels, labels);
  }

  private static int header(DataInputStream in, Path file, int magic) throws IOException {
    int found = in.readInt();
    if (found != magic) {
      throw new TrainingFailure(
          Code.BAD_DATA,
          "%s: expected the idx magic %08x, found %08x".formatted(file, magic, found));
    }
    int count = in.readInt();
    if (count < 0 || count > MOST_IMAGES) {
      throw new TrainingFailure(
          Code.BAD_DATA,
          "%s: expected 0 to %d entries, found %d".formatted(file, MOST_IMAGES, count));
    }
    return count;
  }

  private static DataInputStream open(Path file) throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    in.mark(2);
    boolean zipped = in.read() == 0x1f && in.read() == 0x8b;
    in.reset();
    return new DataInputStream(
        zipped ? new BufferedInputStream(new GZIPInputStream(in, 1 << 16), 1 << 16) : in);
  }

  private static TrainingFailure unreadable(Path file, IOException e) {
    String reason =
        e instanceof EOFException
            ? "it ends before its last entry"
            : e instanceof java.nio.file.NoSuchFileException ? "no such file" : e.getMessage();
    return new TrainingFailure(Code.BAD_DATA, file + ": " + reason, e);
  }
}
