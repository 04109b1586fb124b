package dev.lookalike.training;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.Map;

/** A written graph in ONNX Runtime, to check it against the network that it was made from. */
final class ExportedGraph implements AutoCloseable {
  /** Largest allowed difference of a number, relative if it is larger than 1. */
  static final double TOLERANCE = 1e-4;

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  /**
   * @param model bytes of the file
   * @throws OrtException if the graph does not run
   */
  ExportedGraph(byte[] model) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      session = environment.createSession(model, options);
    }
  }

  /**
   * @param pixels 0..1, {@code [n, channels, height, width]}
   * @param channels of the tensor, independent of the training
   */
  Network.Output infer(float[] pixels, InputShape shape, int channels) throws OrtException {
    long count = pixels.length / ((long) channels * shape.height() * shape.width());
    long[] dimensions = {count, channels, shape.height(), shape.width()};
    try (OnnxTensor input =
            OnnxTensor.createTensor(environment, FloatBuffer.wrap(pixels), dimensions);
        OrtSession.Result result = session.run(Map.of(OnnxExport.INPUT, input))) {
      return new Network.Output(
          numbers(result, OnnxExport.EMBEDDING), numbers(result, OnnxExport.LOGITS));
    }
  }

  private static float[] numbers(OrtSession.Result result, String name) {
    OnnxTensor tensor = (OnnxTensor) result.get(name).orElseThrow();
    FloatBuffer buffer = tensor.getFloatBuffer();
    float[] numbers = new float[buffer.remaining()];
    buffer.get(numbers);
    return numbers;
  }

  /** Largest difference between two outputs, relative if a number is larger than 1. */
  static double difference(Network.Output expected, Network.Output found) {
    return Math.max(
        difference(expected.embedding(), found.embedding()),
        difference(expected.logits(), found.logits()));
  }

  private static double difference(float[] expected, float[] found) {
    if (expected.length != found.length) {
      return Double.POSITIVE_INFINITY;
    }
    double most = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference =
          Math.abs((double) expected[i] - found[i]) / Math.max(1, Math.abs(expected[i]));
      most = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(most, difference);
    }
    return most;
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
