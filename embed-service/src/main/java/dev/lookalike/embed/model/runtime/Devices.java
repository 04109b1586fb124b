package dev.lookalike.embed.model.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import dev.lookalike.embed.model.DevicePolicy;
import dev.lookalike.embed.model.graph.OnnxGraph;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The device that models run on, as it was asked for and as it was found. ONNX Runtime lists CUDA
 * where it cannot load, so a device counts only when a graph has run on it.
 *
 * @param id of the CUDA device
 * @param memoryLimit bytes of its memory for each model, at most; 0: no limit
 * @param trouble why CUDA is not used though it was asked for
 */
public record Devices(DevicePolicy policy, int id, long memoryLimit, Optional<String> trouble) {
  /** The CPU, and nothing else was asked for. */
  public static Devices cpu() {
    return new Devices(DevicePolicy.OFF, 0, 0, Optional.empty());
  }

  /**
   * Runs a small graph on the device, where one is asked for.
   *
   * @param memoryLimit bytes; 0: none
   */
  public static Devices probe(DevicePolicy policy, int id, long memoryLimit) {
    Devices asked = new Devices(policy, id, memoryLimit, Optional.empty());
    return switch (policy) {
      case OFF -> asked;
      case REQUIRE, PREFER -> new Devices(policy, id, memoryLimit, asked.run());
    };
  }

  /** Whether models are to run on CUDA. */
  boolean cuda() {
    return policy != DevicePolicy.OFF && trouble.isEmpty();
  }

  /** "cpu" or "cuda:0". */
  public String name() {
    return cuda() ? "cuda:" + id : "cpu";
  }

  /** The same without CUDA, for a model that does not run on it. */
  Devices without(String reason) {
    return new Devices(policy, id, memoryLimit, Optional.of(reason));
  }

  /**
   * Adds CUDA to the options of a session.
   *
   * @throws OrtException with the loader's own words where CUDA cannot be loaded
   */
  void addTo(OrtSession.SessionOptions options) throws OrtException {
    if (!cuda()) {
      return;
    }
    try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(id)) {
      if (memoryLimit > 0) {
        cuda.add("gpu_mem_limit", Long.toString(memoryLimit));
      }
      // Grows by what is asked for, not to the next power of two: models share the device.
      cuda.add("arena_extend_strategy", "kSameAsRequested");
      // An exhaustive search would be repeated for each new size of a batch.
      cuda.add("cudnn_conv_algo_search", "HEURISTIC");
      options.addCUDA(cuda);
    }
  }

  /** A convolution on the device, and nowhere else; why that failed. */
  private Optional<String> run() {
    try (OrtSession.SessionOptions options = OnnxEnvironment.options()) {
      OrtEnvironment environment = OnnxEnvironment.get();
      addTo(options);
      options.addConfigEntry("session.disable_cpu_ep_fallback", "1");
      try (OrtSession session = environment.createSession(convolution(), options);
          OnnxTensor input = OnnxTensor.createTensor(environment, ones(), new long[] {1, 1, 4, 4});
          OrtSession.Result result = session.run(Map.of("x", input))) {
        float first = ((OnnxTensor) result.get("y").orElseThrow()).getFloatBuffer().get(0);
        return first == 9 ? Optional.empty() : Optional.of("a convolution gave " + first);
      }
    } catch (OrtException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    } catch (LinkageError e) {
      return Optional.of("ONNX Runtime cannot be loaded: " + e.getMessage());
    }
  }

  /** The sum over 3 x 3. */
  private static byte[] convolution() {
    OnnxGraph graph = new OnnxGraph("probe");
    graph.input("x", 1, 1, 4, 4);
    float[] kernel = new float[9];
    java.util.Arrays.fill(kernel, 1);
    graph.node("Conv", "y", List.of("x", graph.floats("w", kernel, 1, 1, 3, 3)));
    graph.output("y", 1, 1, 2, 2);
    return graph.toByteArray();
  }

  private static FloatBuffer ones() {
    FloatBuffer ones =
        ByteBuffer.allocateDirect(16 * Float.BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer();
    for (int i = 0; i < 16; i++) {
      ones.put(i, 1);
    }
    return ones;
  }
}
