package dev.lookalike.cli.teach;

import java.util.Arrays;
import java.util.logging.Level;
import java.util.logging.Logger;
import opennlp.tools.ml.maxent.quasinewton.Function;
import opennlp.tools.ml.maxent.quasinewton.QNMinimizer;

/**
 * Multinomial logistic regression: minimises the mean cross-entropy plus {@code l2 / 2} times the
 * squared weights and biases, with OpenNLP's limited-memory quasi-Newton method.
 */
final class LogisticRegression {
  /** More iterations do not change the third digit of any figure on embeddings of photographs. */
  private static final int ITERATIONS = 100;

  private static final int CORRECTIONS = 15;

  /**
   * Referenced here because an unreferenced logger loses its level: the minimiser logs each run.
   */
  private static final Logger QUIET = Logger.getLogger("opennlp");

  static {
    QUIET.setLevel(Level.WARNING);
  }

  private LogisticRegression() {}

  /**
   * Trains a classifier. The same input gives the same result.
   *
   * @param l2 strength of the regularisation, above 0
   */
  static LinearClassifier train(LabelledVectors images, double l2) {
    CrossEntropy function = new CrossEntropy(images);
    double[] parameters =
        new QNMinimizer(0, l2 / 2, ITERATIONS, CORRECTIONS, 10 * ITERATIONS).minimize(function);
    return function.classifier(parameters);
  }

  /**
   * Mean cross-entropy and its gradient. The vectors are centred; the biases make up for that.
   * Parameters: the weights of each class in turn, then the biases.
   *
   * <p>Both products run along memory in loops that the compiler vectorises; the second copy of the
   * vectors serves this.
   */
  private static final class CrossEntropy implements Function {
    private final int classes;
    private final int dimension;
    private final int[] labels;
    private final float[] mean;
    private final float[][] byImage;
    private final float[][] byDimension;
    private double[] at = new double[0];
    private double[] gradient = new double[0];
    private double value;

    CrossEntropy(LabelledVectors images) {
      this.classes = images.classes().size();
      this.dimension = images.dimension();
      this.labels = images.labels();
      this.mean = mean(images);
      this.byImage = new float[images.size()][dimension];
      this.byDimension = new float[dimension][images.size()];
      for (int n = 0; n < labels.length; n++) {
        for (int i = 0; i < dimension; i++) {
          float centred = images.vectors()[n][i] - mean[i];
          byImage[n][i] = centred;
          byDimension[i][n] = centred;
        }
      }
    }

    private static float[] mean(LabelledVectors images) {
      double[] sums = new double[images.dimension()];
      for (float[] vector : images.vectors()) {
        for (int i = 0; i < sums.length; i++) {
          sums[i] += vector[i];
        }
      }
      float[] mean = new float[sums.length];
      for (int i = 0; i < mean.length; i++) {
        mean[i] = (float) (sums[i] / images.size());
      }
      return mean;
    }

    @Override
    public int getDimension() {
      return classes * (dimension + 1);
    }

    @Override
    public double valueAt(double[] parameters) {
      evaluate(parameters);
      return value;
    }

    @Override
    public double[] gradientAt(double[] parameters) {
      evaluate(parameters);
      return gradient.clone();
    }

    private void evaluate(double[] parameters) {
      if (Arrays.equals(parameters, at)) {
        return;
      }
      int images = labels.length;
      float[][] logits = new float[classes][images];
      for (int c = 0; c < classes; c++) {
        Arrays.fill(logits[c], (float) parameters[classes * dimension + c]);
      }
      for (int i = 0; i < dimension; i++) {
        for (int c = 0; c < classes; c++) {
          add(logits[c], (float) parameters[c * dimension + i], byDimension[i]);
        }
      }
      value = errors(logits) / images;
      float[][] slopes = new float[classes][dimension];
      double[] next = new double[getDimension()];
      for (int n = 0; n < images; n++) {
        for (int c = 0; c < classes; c++) {
          add(slopes[c], logits[c][n], byImage[n]);
        }
      }
      for (int c = 0; c < classes; c++) {
        for (int i = 0; i < dimension; i++) {
          next[c * dimension + i] = slopes[c][i] / images;
        }
        double sum = 0;
        for (int n = 0; n < images; n++) {
          sum += logits[c][n];
        }
        next[classes * dimension + c] = sum / images;
      }
      gradient = next;
      at = parameters.clone();
    }

    /** Replaces logits by probabilities minus targets; returns the sum of cross-entropies. */
    private double errors(float[][] logits) {
      double sum = 0;
      for (int n = 0; n < labels.length; n++) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < classes; c++) {
          largest = Math.max(largest, logits[c][n]);
        }
        double total = 0;
        for (int c = 0; c < classes; c++) {
          total += Math.exp(logits[c][n] - largest);
        }
        sum += largest + Math.log(total) - logits[labels[n]][n];
        for (int c = 0; c < classes; c++) {
          logits[c][n] =
              (float) (Math.exp(logits[c][n] - largest) / total - (c == labels[n] ? 1 : 0));
        }
      }
      return sum;
    }

    private static void add(float[] to, float factor, float[] values) {
      for (int i = 0; i < to.length; i++) {
        to[i] += factor * values[i];
      }
    }

    /** For vectors that are not centred: the biases account for the mean. */
    LinearClassifier classifier(double[] parameters) {
      float[][] weights = new float[classes][dimension];
      float[] biases = new float[classes];
      for (int c = 0; c < classes; c++) {
        double bias = parameters[classes * dimension + c];
        for (int i = 0; i < dimension; i++) {
          weights[c][i] = (float) parameters[c * dimension + i];
          bias -= parameters[c * dimension + i] * mean[i];
        }
        biases[c] = (float) bias;
      }
      return new LinearClassifier(weights, biases);
    }
  }
}
