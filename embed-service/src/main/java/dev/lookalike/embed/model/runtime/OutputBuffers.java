package dev.lookalike.embed.model.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Direct memory that a session writes its outputs to, used again and again, so that a run neither
 * allocates them nor copies them to the heap. Outputs are bound whose shape a run has shown; never
 * those that are not float32, or of which the graph declares another shape than they have (exports
 * of ResNet), since ONNX Runtime would refuse the memory. Thread-safe: each run has memory of its
 * own.
 */
final class OutputBuffers {
  private final OrtEnvironment environment;
  private final Queue<Map<String, ByteBuffer>> rooms = new ConcurrentLinkedQueue<>();

  /** Of the outputs that are bound; the first side is the number of images. */
  private final Map<String, long[]> shapes;

  /**
   * @param shapes of the outputs that are bound
   */
  OutputBuffers(OrtEnvironment environment, Map<String, long[]> shapes) {
    this.environment = environment;
    this.shapes = Map.copyOf(shapes);
  }

  /**
   * Buffers for the outputs of a session that can be bound.
   *
   * @param names of its outputs
   * @param seen what a run gave
   */
  static OutputBuffers of(
      OrtEnvironment environment, OrtSession session, Set<String> names, Outputs seen)
      throws OrtException {
    Map<String, NodeInfo> declared = session.getOutputInfo();
    Map<String, long[]> shapes = new HashMap<>();
    for (String name : names) {
      TensorInfo info = seen.info(name);
      NodeInfo node = declared.get(name);
      if (info.type == OnnxJavaType.FLOAT
          && node != null
          && node.getInfo() instanceof TensorInfo said
          && agrees(said.getShape(), info.getShape())) {
        shapes.put(name, info.getShape());
      }
    }
    return new OutputBuffers(environment, shapes);
  }

  /** Whether a shape is as declared; sides that are left open are negative. */
  private static boolean agrees(long[] declared, long[] shape) {
    boolean agrees = declared.length == shape.length && shape.length > 0;
    for (int i = 0; agrees && i < shape.length; i++) {
      agrees = declared[i] < 0 || declared[i] == shape[i];
    }
    return agrees;
  }

  /** What a run gave; its memory is used again after {@link #close}. */
  final class Outputs implements AutoCloseable {
    private final Map<String, ByteBuffer> room =
        Objects.requireNonNullElse(rooms.poll(), new HashMap<>());
    private final Map<String, OnnxTensor> bound = new HashMap<>();
    private OrtSession.@Nullable Result result;

    private Outputs() {}

    private void run(
        OrtSession session, Map<String, OnnxTensor> inputs, Set<String> names, int count)
        throws OrtException {
      Set<String> unbound = new HashSet<>(names);
      for (Map.Entry<String, long[]> known : shapes.entrySet()) {
        bound.put(known.getKey(), tensor(known.getKey(), known.getValue(), count));
        unbound.remove(known.getKey());
      }
      result = session.run(inputs, unbound, bound);
    }

    private OnnxTensor tensor(String name, long[] known, int count) throws OrtException {
      long[] shape = known.clone();
      shape[0] = count;
      long bytes = Float.BYTES;
      for (long side : shape) {
        bytes = Math.multiplyExact(bytes, side);
      }
      ByteBuffer memory = room.get(name);
      if (memory == null || memory.capacity() < bytes) {
        memory = ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
        room.put(name, memory);
      }
      FloatBuffer floats =
          memory.slice(0, (int) bytes).order(ByteOrder.nativeOrder()).asFloatBuffer();
      return OnnxTensor.createTensor(environment, floats, shape);
    }

    private OnnxTensor output(String name) throws OrtException {
      OnnxTensor ours = bound.get(name);
      if (ours != null) {
        return ours;
      }
      if (result == null || !(result.get(name).orElse(null) instanceof OnnxTensor theirs)) {
        throw new OrtException("output " + name + " is no tensor");
      }
      return theirs;
    }

    TensorInfo info(String name) throws OrtException {
      return output(name).getInfo();
    }

    /** All its numbers, float16 converted; null where it holds others. */
    @Nullable FloatBuffer floats(String name) throws OrtException {
      OnnxTensor tensor = output(name);
      return bound.containsKey(name)
              && tensor.getBufferRef().orElse(null) instanceof FloatBuffer ours
          ? ours
          : tensor.getFloatBuffer();
    }

    @Override
    public void close() {
      if (result != null) {
        result.close();
      }
      bound.values().forEach(OnnxTensor::close);
      rooms.add(room);
    }
  }

  /**
   * Runs a session.
   *
   * @param names of the outputs, always the same
   * @param count of images
   */
  Outputs run(OrtSession session, Map<String, OnnxTensor> inputs, Set<String> names, int count)
      throws OrtException {
    Outputs outputs = new Outputs();
    boolean done = false;
    try {
      outputs.run(session, inputs, names, count);
      done = true;
      return outputs;
    } finally {
      if (!done) {
        outputs.close();
      }
    }
  }
}
