package dev.lookalike.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Images of one shape with their classes, in memory.
 *
 * @param shape of each image
 * @param classes names of the classes, by index
 * @param pixels of each image: 0 to 255, {@code [channels, height, width]}; not copied, must not be
 *     changed
 * @param labels index of the class of each image; not copied, must not be changed
 */
record LabelledImages(InputShape shape, List<String> classes, byte[][] pixels, int[] labels) {
  LabelledImages {
    classes = List.copyOf(classes);
    if (pixels.length != labels.length) {
      throw new IllegalArgumentException(pixels.length + " images, " + labels.length + " labels");
    }
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= classes.size()) {
        throw new IllegalArgumentException("label " + labels[i] + " of " + classes.size());
      }
      if (pixels[i].length != shape.size()) {
        throw new IllegalArgumentException(pixels[i].length + " pixels for " + shape);
      }
    }
  }

  int count() {
    return labels.length;
  }

  /** Pixels 0..1 of one image. */
  float[] image(int index) {
    byte[] from = pixels[index];
    float[] image = new float[from.length];
    for (int i = 0; i < image.length; i++) {
      image[i] = (from[i] & 0xff) / 255f;
    }
    return image;
  }

  /** Number of images of each class. */
  int[] perClass() {
    int[] counts = new int[classes.size()];
    for (int label : labels) {
      counts[label]++;
    }
    return counts;
  }

  private LabelledImages at(List<Integer> indices) {
    byte[][] chosen = new byte[indices.size()][];
    int[] theirs = new int[indices.size()];
    for (int i = 0; i < theirs.length; i++) {
      chosen[i] = pixels[indices.get(i)];
      theirs[i] = labels[indices.get(i)];
    }
    return new LabelledImages(shape, classes, chosen, theirs);
  }

  /**
   * Splits into two parts without a common image: the same share of each class, chosen at random.
   *
   * @param kept share of the first part, 0..1; each part has at least one image of a class with two
   *     or more
   */
  Parts split(double kept, long seed) {
    List<List<Integer>> byClass = new ArrayList<>();
    classes.forEach(name -> byClass.add(new ArrayList<>()));
    for (int i = 0; i < labels.length; i++) {
      byClass.get(labels[i]).add(i);
    }
    Random random = new Random(seed);
    List<Integer> first = new ArrayList<>();
    List<Integer> second = new ArrayList<>();
    for (List<Integer> members : byClass) {
      Collections.shuffle(members, random);
      int part = (int) Math.round(kept * members.size());
      if (members.size() > 1) {
        part = Math.clamp(part, 1, members.size() - 1);
      }
      first.addAll(members.subList(0, part));
      second.addAll(members.subList(part, members.size()));
    }
    return new Parts(at(first), at(second));
  }

  /**
   * Limits the number of images, the same share of each class, chosen at random; returns itself if
   * there are no more.
   */
  LabelledImages limitedTo(int wanted, long seed) {
    if (wanted >= count()) {
      return this;
    }
    List<Integer> order = new ArrayList<>(IntStream.range(0, count()).boxed().toList());
    Collections.shuffle(order, new Random(seed));
    int[] all = perClass();
    int[] seen = new int[all.length];
    double[] rank = new double[count()];
    for (int index : order) {
      rank[index] = (seen[labels[index]]++ + 0.5) / all[labels[index]];
    }
    order.sort(Comparator.comparingDouble(index -> rank[index]));
    return at(order.subList(0, wanted));
  }

  /** The images to train on and the images only to test with. */
  record Parts(LabelledImages train, LabelledImages test) {
    Parts {
      if (!train.classes().equals(test.classes()) || !train.shape().equals(test.shape())) {
        throw new IllegalArgumentException("both parts must have the same shape and classes");
      }
    }

    /**
     * @throws TrainingFailure if a class has no images to train on, or if there are none to test
     *     with
     */
    Parts checked() {
      int[] counts = train.perClass();
      for (int i = 0; i < counts.length; i++) {
        if (counts[i] == 0) {
          throw new TrainingFailure(
              TrainingFailure.Code.TOO_LITTLE_DATA,
              "no image to train on for the class " + train.classes().get(i));
        }
      }
      if (counts.length < 2 || test.count() == 0) {
        throw new TrainingFailure(
            TrainingFailure.Code.TOO_LITTLE_DATA,
            "needs at least two classes and an image to test with; images per class: "
                + Arrays.toString(counts)
                + ", to test with: "
                + test.count());
      }
      return this;
    }
  }
}
