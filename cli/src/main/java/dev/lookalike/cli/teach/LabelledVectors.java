package dev.lookalike.cli.teach;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Embeddings with one class each.
 *
 * @param classes names, in alphabetical order
 * @param vectors L2-normalised, all of one length; not copied
 * @param labels index of the class of each vector; not copied
 */
record LabelledVectors(List<String> classes, float[][] vectors, int[] labels) {
  LabelledVectors {
    classes = List.copyOf(classes);
    if (vectors.length != labels.length) {
      throw new IllegalArgumentException(vectors.length + " vectors, " + labels.length + " labels");
    }
  }

  int size() {
    return vectors.length;
  }

  int dimension() {
    return vectors[0].length;
  }

  /** Number of vectors of a class. */
  int count(int label) {
    int count = 0;
    for (int each : labels) {
      count += each == label ? 1 : 0;
    }
    return count;
  }

  /** Some of the vectors, with the same classes. */
  LabelledVectors rows(List<Integer> rows) {
    float[][] some = new float[rows.size()][];
    int[] theirs = new int[rows.size()];
    for (int i = 0; i < some.length; i++) {
      some[i] = vectors[rows.get(i)];
      theirs[i] = labels[rows.get(i)];
    }
    return new LabelledVectors(classes, some, theirs);
  }

  /** Rows by class, each in an order that depends only on the seed. */
  List<List<Integer>> shuffledByClass(long seed) {
    List<List<Integer>> byClass = new ArrayList<>();
    classes.forEach(each -> byClass.add(new ArrayList<>()));
    for (int row = 0; row < labels.length; row++) {
      byClass.get(labels[row]).add(row);
    }
    Random random = new Random(seed);
    byClass.forEach(rows -> Collections.shuffle(rows, random));
    return byClass;
  }

  /** At most this many rows, the same number from each class as long as it has enough. */
  List<Integer> balanced(int most, long seed) {
    List<List<Integer>> byClass = shuffledByClass(seed);
    List<Integer> chosen = new ArrayList<>();
    for (int turn = 0; chosen.size() < Math.min(most, size()); turn++) {
      for (List<Integer> rows : byClass) {
        if (turn < rows.size() && chosen.size() < most) {
          chosen.add(rows.get(turn));
        }
      }
    }
    return chosen;
  }
}
