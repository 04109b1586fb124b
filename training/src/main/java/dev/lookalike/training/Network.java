package dev.lookalike.training;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.XavierInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Adam;
import ai.djl.training.tracker.Tracker;
import java.util.List;

/**
 * The article's network: convolution 3 x 3 x 32, ReLU, max-pool 2, convolution 3 x 3 x 64, ReLU,
 * max-pool 2, convolution 3 x 3 x 64, ReLU, flatten, dense 64, ReLU, dense with one output for each
 * class, softmax; no padding anywhere. Softmax is part of the loss, and of turning logits into
 * probabilities. Weights are initialised by Glorot's uniform method, biases at zero. Not
 * thread-safe.
 */
final class Network implements AutoCloseable {
  /** Width of the dense layer whose output, after its ReLU, is the embedding. */
  static final int EMBEDDING = 64;

  /**
   * Glorot's uniform initialisation has the bound sqrt(6 / (in + out)), which is sqrt(3 / mean(in,
   * out)).
   */
  private static final float GLOROT = 3;

  private final InputShape shape;
  private final Model model;
  private final List<Block> layers;
  private final SequentialBlock features;

  /**
   * @param seed for the initial weights
   */
  Network(InputShape shape, int classes, long seed) {
    this.shape = shape;
    Engine engine = Engine.getEngine("PyTorch");
    // DJL takes an int.
    engine.setRandomSeed((int) seed);
    Conv2d first = convolution(32);
    Conv2d second = convolution(64);
    Conv2d third = convolution(64);
    Linear dense = Linear.builder().setUnits(EMBEDDING).build();
    Linear head = Linear.builder().setUnits(classes).build();
    features =
        new SequentialBlock()
            .add(first)
            .add(Activation::relu)
            .add(Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2)))
            .add(second)
            .add(Activation::relu)
            .add(Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2)))
            .add(third)
            .add(Activation::relu)
            .add(Blocks.batchFlattenBlock())
            .add(dense)
            .add(Activation::relu);
    layers = List.of(first, second, third, dense, head);
    model = Model.newInstance("network", Device.cpu(), "PyTorch");
    model.setBlock(new SequentialBlock().add(features).add(head));
  }

  private static Conv2d convolution(int filters) {
    return Conv2d.builder().setKernelShape(new Shape(3, 3)).setFilters(filters).build();
  }

  InputShape shape() {
    return shape;
  }

  /** A trainer with Adam and cross-entropy; creates the weights. Close it before the network. */
  Trainer trainer(Tracker learningRate) {
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
            .optDevices(new Device[] {Device.cpu()})
            .optInitializer(
                new XavierInitializer(
                    XavierInitializer.RandomType.UNIFORM, XavierInitializer.FactorType.AVG, GLOROT),
                Parameter.Type.WEIGHT)
            .optOptimizer(Adam.builder().optLearningRateTracker(learningRate).build());
    Trainer trainer = model.newTrainer(config);
    trainer.initialize(new Shape(1, shape.channels(), shape.height(), shape.width()));
    return trainer;
  }

  /** Images as a tensor, {@code [n, channels, height, width]}. */
  NDArray pixels(NDManager manager, float[] pixels) {
    return manager.create(
        pixels,
        new Shape(pixels.length / shape.size(), shape.channels(), shape.height(), shape.width()));
  }

  /**
   * The network's output for images.
   *
   * @param embedding {@code [n, 64]}, not negative, not normalised
   * @param logits {@code [n, classes]}
   */
  record Output(float[] embedding, float[] logits) {}

  /**
   * Runs the network in its current state.
   *
   * @param pixels 0..1, {@code [n, channels, height, width]}
   */
  Output infer(float[] pixels) {
    try (NDManager manager = model.getNDManager().newSubManager()) {
      ParameterStore store = new ParameterStore(manager, false);
      NDList embedding = features.forward(store, new NDList(pixels(manager, pixels)), false);
      NDList logits = layers.getLast().forward(store, embedding, false);
      return new Output(
          embedding.singletonOrThrow().toFloatArray(), logits.singletonOrThrow().toFloatArray());
    }
  }

  /**
   * Weights and biases of one layer.
   *
   * @param weight {@code [out, in, 3, 3]} of a convolution, {@code [out, in]} of a dense layer
   * @param dimensions of the weight
   * @param bias {@code [out]}
   */
  record Weights(float[] weight, long[] dimensions, float[] bias) {}

  /** The weights of the three convolutions, the dense layer and the head, in this order. */
  List<Weights> weights() {
    return layers.stream().map(Network::weights).toList();
  }

  private static Weights weights(Block layer) {
    NDArray weight = layer.getParameters().get("weight").getArray();
    NDArray bias = layer.getParameters().get("bias").getArray();
    if (weight.getDataType() != DataType.FLOAT32) {
      throw new IllegalStateException("must be float32: " + weight.getDataType());
    }
    return new Weights(weight.toFloatArray(), weight.getShape().getShape(), bias.toFloatArray());
  }

  @Override
  public void close() {
    model.close();
  }
}
