package dev.lookalike.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.tracker.Tracker;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Trains a network: batches in a new order in each epoch, images distorted anew each time; the
 * learning rate falls to zero along a cosine (I. Loshchilov and F. Hutter, 2017).
 */
final class Training {
  /** Images per run when testing. */
  private static final int TEST_BATCH = 500;

  private final Settings settings;
  private final Progress progress;

  /**
   * @param epochs how often each image is used, at least 1
   * @param batch images per step, at least 1
   * @param learningRate of the first step
   * @param distortion of the training images
   * @param seed for order, distortion and initial weights
   */
  record Settings(int epochs, int batch, double learningRate, Distortion distortion, long seed) {}

  /**
   * Means over one epoch.
   *
   * @param loss cross-entropy, in nats, of the distorted images during training
   * @param accuracy of the same, 0..1
   * @param test result on the test images after the epoch
   */
  record Epoch(double loss, double accuracy, Evaluation test) {
    double testAccuracy() {
      return test.accuracy();
    }
  }

  Training(Settings settings, Progress progress) {
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * Trains for all epochs; the accuracy on the test images influences nothing.
   *
   * @return one entry for each epoch
   * @throws TrainingFailure DIVERGED
   */
  List<Epoch> run(Network network, LabelledImages.Parts images) {
    LabelledImages train = images.train();
    int batch = Math.min(settings.batch(), train.count());
    int steps = train.count() / batch;
    Tracker rate =
        Tracker.cosine()
            .setBaseValue((float) settings.learningRate())
            .optFinalValue(0)
            .setMaxUpdates(Math.max(1, steps * settings.epochs()))
            .build();
    Random random = new Random(settings.seed());
    List<Integer> order = new ArrayList<>(IntStream.range(0, train.count()).boxed().toList());
    List<Epoch> epochs = new ArrayList<>();
    try (Trainer trainer = network.trainer(rate)) {
      progress.begin(settings.epochs(), steps);
      for (int epoch = 0; epoch < settings.epochs(); epoch++) {
        java.util.Collections.shuffle(order, random);
        double loss = 0;
        int right = 0;
        for (int step = 0; step < steps; step++) {
          Step done =
              step(
                  network, trainer, train, order.subList(step * batch, (step + 1) * batch), random);
          loss += done.loss();
          right += done.right();
          progress.step(epoch, step, loss / (step + 1), (double) right / ((step + 1) * batch));
        }
        Evaluation tested = Evaluation.of(images.test(), logits(network, images.test()));
        epochs.add(new Epoch(loss / steps, (double) right / (steps * batch), tested));
        progress.epoch(epoch, epochs.getLast());
      }
    }
    return epochs;
  }

  private record Step(double loss, int right) {}

  private Step step(
      Network network,
      Trainer trainer,
      LabelledImages images,
      List<Integer> chosen,
      Random random) {
    int size = images.shape().size();
    float[] pixels = new float[chosen.size() * size];
    float[] labels = new float[chosen.size()];
    for (int i = 0; i < labels.length; i++) {
      float[] image = images.image(chosen.get(i));
      if (!settings.distortion().isNone()) {
        image = settings.distortion().apply(image, images.shape(), random);
      }
      System.arraycopy(image, 0, pixels, i * size, size);
      labels[i] = images.labels()[chosen.get(i)];
    }
    try (NDManager manager = trainer.getManager().newSubManager()) {
      NDList input = new NDList(network.pixels(manager, pixels));
      NDList truth = new NDList(manager.create(labels));
      float value;
      float[] logits;
      try (GradientCollector gradients = trainer.newGradientCollector()) {
        NDList output = trainer.forward(input);
        output.attach(manager);
        NDArray loss = trainer.getLoss().evaluate(truth, output);
        loss.attach(manager);
        gradients.backward(loss);
        value = loss.getFloat();
        logits = output.singletonOrThrow().toFloatArray();
      }
      if (!Float.isFinite(value)) {
        throw new TrainingFailure(
            TrainingFailure.Code.DIVERGED,
            "the loss is " + value + ": a smaller --learning-rate would help");
      }
      trainer.step();
      int right = 0;
      int classes = logits.length / labels.length;
      for (int i = 0; i < labels.length; i++) {
        if (Evaluation.best(logits, i, classes) == (int) labels[i]) {
          right++;
        }
      }
      return new Step(value, right);
    }
  }

  /** Logits of all images, {@code [n, classes]}. */
  static float[] logits(Network network, LabelledImages images) {
    int classes = images.classes().size();
    int size = images.shape().size();
    float[] logits = new float[images.count() * classes];
    for (int from = 0; from < images.count(); from += TEST_BATCH) {
      int count = Math.min(TEST_BATCH, images.count() - from);
      float[] pixels = new float[count * size];
      for (int i = 0; i < count; i++) {
        System.arraycopy(images.image(from + i), 0, pixels, i * size, size);
      }
      System.arraycopy(network.infer(pixels).logits(), 0, logits, from * classes, count * classes);
    }
    return logits;
  }
}
