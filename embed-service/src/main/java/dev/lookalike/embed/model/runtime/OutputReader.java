package dev.lookalike.embed.model.runtime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import dev.lookalike.embed.model.graph.Pooling;
import dev.lookalike.embed.model.runtime.OnnxModel.Inference;
import dev.lookalike.embed.model.runtime.OutputBuffers.Outputs;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * From the tensors of a run to what they say of each image. Immutable; thread-safe.
 *
 * @param embedding name of the output that embeddings are made of
 * @param pooling that makes them
 * @param logits name of the output of the classification head
 * @param labels of its classes, by index
 */
record OutputReader(
    String embedding, Pooling pooling, Optional<String> logits, List<String> labels) {
  /** Classes with a label, best first, at most. */
  private static final int LABELS = 5;

  /** The pooling that is stated, or that of the shape of the embedding's tensor. */
  static OutputReader of(GraphPorts ports, List<String> labels, Outputs seen) throws OrtException {
    int rank = seen.info(ports.embedding().name()).getShape().length;
    Pooling pooling = ports.embedding().pooling().orElse(Pooling.ofRank(rank));
    return new OutputReader(ports.embedding().name(), pooling, ports.logits(), labels);
  }

  /**
   * One for each image, in order.
   *
   * @throws OrtException where the outputs have another shape than one row for each image
   */
  List<Inference> read(Outputs outputs, int count) throws OrtException {
    float[][] embeddings = embeddings(outputs, count);
    List<Inference> inferences = new ArrayList<>(count);
    if (logits.isEmpty()) {
      for (float[] each : embeddings) {
        inferences.add(new Inference(each, List.of()));
      }
      return inferences;
    }
    FloatBuffer scores = values(logits.get(), outputs, count);
    int classes = scores.capacity() / count;
    if (labels.size() != classes) {
      throw new OrtException(
          "labels: expected %d for the classes of the graph, found %d"
              .formatted(classes, labels.size()));
    }
    for (int i = 0; i < count; i++) {
      inferences.add(
          new Inference(embeddings[i], Classes.best(scores, i * classes, labels, LABELS)));
    }
    return inferences;
  }

  private float[][] embeddings(Outputs outputs, int count) throws OrtException {
    FloatBuffer values = values(embedding, outputs, count);
    try {
      return pooling.rows(values, outputs.info(embedding).getShape());
    } catch (IllegalArgumentException e) {
      throw new OrtException(
          "output %s, pooling %s: %s".formatted(embedding, pooling.word(), e.getMessage()));
    }
  }

  /** All numbers of an output that has one row for each image. */
  private static FloatBuffer values(String name, Outputs outputs, int count) throws OrtException {
    TensorInfo info = outputs.info(name);
    long[] shape = info.getShape();
    FloatBuffer values = outputs.floats(name);
    if (values == null) {
      throw new OrtException("output %s: expected floats, found %s".formatted(name, info.type));
    }
    if (shape.length < 2 || shape[0] != count || values.capacity() % count != 0) {
      throw new OrtException(
          "output %s: expected [%d, ...], found %s".formatted(name, count, Arrays.toString(shape)));
    }
    return values;
  }
}
