package dev.lookalike.cli.teach;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LogisticRegressionTest {
  private static final int DIMENSION = 24;

  /**
   * Unit vectors around the axis of their class, or around the next one for {@code wrong} of them.
   */
  static LabelledVectors clusters(
      int classes, int perClass, double noise, double wrong, long seed) {
    Random random = new Random(seed);
    float[][] vectors = new float[classes * perClass][DIMENSION];
    int[] labels = new int[vectors.length];
    for (int row = 0; row < vectors.length; row++) {
      labels[row] = row % classes;
      int axis = (labels[row] + (random.nextDouble() < wrong ? 1 : 0)) % classes;
      double squares = 0;
      for (int i = 0; i < DIMENSION; i++) {
        vectors[row][i] = (float) ((i == axis ? 1 : 0) + noise * random.nextGaussian());
        squares += vectors[row][i] * vectors[row][i];
      }
      for (int i = 0; i < DIMENSION; i++) {
        vectors[row][i] /= (float) Math.sqrt(squares);
      }
    }
    return new LabelledVectors(List.of("a", "b", "c", "d").subList(0, classes), vectors, labels);
  }

  /** The gradient of the loss, computed for each uncentred vector. */
  @Test
  void theResultIsTheMinimumOfTheRegularisedCrossEntropy() {
    LabelledVectors images = clusters(3, 40, 0.3, 0.1, 1);
    double l2 = 1e-2;
    LinearClassifier trained = LogisticRegression.train(images, l2);
    for (int c = 0; c < 3; c++) {
      double bias = 0;
      double[] slope = new double[DIMENSION];
      double[] mean = new double[DIMENSION];
      for (float[] vector : images.vectors()) {
        for (int i = 0; i < DIMENSION; i++) {
          mean[i] += vector[i] / images.size();
        }
      }
      for (int row = 0; row < images.size(); row++) {
        double error =
            trained.probabilities(images.vectors()[row])[c] - (images.labels()[row] == c ? 1 : 0);
        bias += error / images.size();
        for (int i = 0; i < DIMENSION; i++) {
          slope[i] += error * (images.vectors()[row][i] - mean[i]) / images.size();
        }
      }
      double centredBias = trained.biases()[c];
      for (int i = 0; i < DIMENSION; i++) {
        centredBias += trained.weights()[c][i] * mean[i];
        assertThat(slope[i] + l2 * trained.weights()[c][i]).isCloseTo(0, within(5e-3));
      }
      assertThat(bias + l2 * centredBias).isCloseTo(0, within(5e-3));
    }
  }

  @Test
  void theSameInputGivesTheSameClassifierAndMoreRegularisationSmallerWeights() {
    LabelledVectors images = clusters(3, 20, 0.2, 0, 2);
    LinearClassifier one = LogisticRegression.train(images, 1e-3);
    assertThat(LogisticRegression.train(images, 1e-3).weights()).isDeepEqualTo(one.weights());
    assertThat(Math.abs(LogisticRegression.train(images, 1).weights()[0][0]))
        .isLessThan(Math.abs(one.weights()[0][0]) / 3);
  }

  @Test
  void figuresAreOfImagesThatWereHeldOut() {
    // Noise teaches nothing: accuracy above chance would mean that images were judged by a
    // classifier trained on them.
    LabelledVectors noise = clusters(2, 60, 1000, 0, 3);
    assertThat(CrossValidation.accuracy(judged(noise)).value()).isBetween(0.3, 0.7);
    LabelledVectors clear = clusters(3, 30, 0.1, 0.1, 4);
    CrossValidation validation = CrossValidation.of(clear, 5, 20, (l2, accuracy) -> {});
    assertThat(validation.judged()).hasSize(90);
    assertThat(CrossValidation.accuracy(validation.judged()).value()).isBetween(0.8, 0.97);
    assertThat(validation.judged()).allMatch(each -> each.similarity() < 1 - 1e-6);
  }

  private static List<Judged> judged(LabelledVectors images) {
    return CrossValidation.of(images, 5, 20, (l2, accuracy) -> {}).judged();
  }

  @Test
  void referencesInBytesAreAsNearAsTheEmbeddingsTheyAreMadeOf() {
    LabelledVectors images = clusters(3, 30, 0.5, 0, 5);
    References known = CrossValidation.references(images, 30);
    assertThat(known.values()).hasDimensions(30, DIMENSION);
    float[] asked = clusters(3, 1, 0.5, 0, 6).vectors()[0];
    double nearest = -1;
    for (int row : images.balanced(30, 20260101)) {
      double dot = 0;
      for (int i = 0; i < DIMENSION; i++) {
        dot += images.vectors()[row][i] * asked[i];
      }
      nearest = Math.max(nearest, dot);
    }
    assertThat(known.nearest(asked)).isCloseTo(nearest, within(0.01));
  }

  @Test
  void aClassWithFewImagesKeepsItsPlaceAmongTheReferences() {
    LabelledVectors images = clusters(2, 50, 0.1, 0, 7);
    List<Integer> rows = new java.util.ArrayList<>(List.of(0, 2));
    for (int row = 1; row < 100; row += 2) {
      rows.add(row);
    }
    LabelledVectors uneven = images.rows(rows);
    assertThat(uneven.balanced(10, 1).stream().filter(row -> uneven.labels()[row] == 0)).hasSize(2);
    assertThat(uneven.balanced(1000, 1)).hasSize(52).doesNotHaveDuplicates();
  }
}
