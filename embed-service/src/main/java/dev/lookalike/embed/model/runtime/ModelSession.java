package dev.lookalike.embed.model.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.model.folder.ModelFolder;
import dev.lookalike.embed.model.runtime.OutputBuffers.Outputs;
import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A graph in a session of ONNX Runtime, not verified yet: pixels in, tensors out. Its weights are
 * in memory of its own: files that change later change nothing here. Thread-safe; not to be used
 * after {@link #close}.
 */
final class ModelSession implements AutoCloseable {
  private static final ByteBuffer EMPTY = ByteBuffer.allocateDirect(0);

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final Arena weights;
  private final List<OnnxTensor> external;
  private final Devices devices;
  private final ModelFolder folder;
  private final GraphPorts ports;
  private final PixelType type;
  private final Set<String> outputNames;

  /** Memory for pixels in another type of numbers than float32, of runs that have ended. */
  private final Queue<ByteBuffer> spare = new ConcurrentLinkedQueue<>();

  private ModelSession(
      OrtEnvironment environment,
      OrtSession session,
      Arena weights,
      List<OnnxTensor> external,
      Devices devices,
      ModelFolder folder,
      GraphPorts ports) {
    this.environment = environment;
    this.session = session;
    this.weights = weights;
    this.external = external;
    this.devices = devices;
    this.folder = folder;
    this.ports = ports;
    this.type = PixelType.of(ports.input());
    this.outputNames = ports.outputs();
  }

  /**
   * Reads a folder and loads its graph.
   *
   * @param folder of a model, or a graph in one
   * @param threads that one run uses on the CPU, at least 1
   * @throws ModelRefusedException with the field, what was expected and what was found
   */
  // The weights are closed with the session, or in finally.
  @SuppressWarnings("MustBeClosedChecker")
  static ModelSession open(Path folder, int threads, Devices devices, OnnxModel.Feed feed) {
    Arena weights = Arena.ofShared();
    List<OnnxTensor> external = new ArrayList<>();
    Optional<OrtSession> opened = Optional.empty();
    boolean done = false;
    try (Arena file = Arena.ofConfined();
        OrtSession.SessionOptions options = OnnxEnvironment.options()) {
      ModelFolder description = ModelFolder.read(folder, file, weights);
      GraphPorts ports = GraphPorts.of(description, feed);
      OrtEnvironment environment = OnnxEnvironment.get();
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      // A thread that waits spinning takes the core that the decoders need.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      // Arena memory is never given back, and grows to the largest batch: malloc is no slower here.
      options.setCPUArenaAllocator(false);
      // Exports that declare the shape of an output wrong (ResNet's) would warn at each run.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      ExternalWeights.addTo(options, environment, description, ports.cut(), external);
      devices.addTo(options);
      OrtSession session =
          environment.createSession(ports.cut().bytes(file).asByteBuffer(), options);
      opened = Optional.of(session);
      ModelSession model =
          new ModelSession(environment, session, weights, external, devices, description, ports);
      done = true;
      return model;
    } catch (OrtException e) {
      throw new ModelRefusedException(
          "model.onnx", "a graph that ONNX Runtime loads", String.valueOf(e.getMessage()), e);
    } finally {
      if (!done) {
        opened.ifPresent(ModelSession::close);
        external.forEach(OnnxTensor::close);
        weights.close();
      }
    }
  }

  ModelFolder folder() {
    return folder;
  }

  GraphPorts ports() {
    return ports;
  }

  PixelType type() {
    return type;
  }

  Devices devices() {
    return devices;
  }

  /** Direct memory for the input of {@code images} images. */
  PixelBuffer buffer(int images) {
    return new PixelBuffer(folder.preprocessor(), ports.fedPixels(), images);
  }

  /** Buffers that are bound to nothing yet: each run gets memory of ONNX Runtime's. */
  OutputBuffers unbound() {
    return new OutputBuffers(environment, Map.of());
  }

  /** Buffers for outputs of the shapes that a run has shown. */
  OutputBuffers bound(Outputs seen) throws OrtException {
    return OutputBuffers.of(environment, session, outputNames, seen);
  }

  /**
   * Runs the graph.
   *
   * @param pixels of {@link #buffer}; not changed
   * @param first slot
   * @param count of slots
   * @param buffers for the outputs
   */
  Outputs run(PixelBuffer pixels, int first, int count, OutputBuffers buffers) throws OrtException {
    if (pixels.levels() != ports.fedPixels()) {
      throw new IllegalArgumentException("memory of a model that is fed in another form");
    }
    ByteBuffer given = pixels.slots(first, count);
    if (ports.fedPixels() || type.isFloat()) {
      return run(given, count, buffers);
    }
    ByteBuffer converted = Objects.requireNonNullElse(spare.poll(), EMPTY);
    try {
      converted = type.converted(given.asFloatBuffer(), converted);
      return run(converted, count, buffers);
    } finally {
      spare.add(converted);
    }
  }

  private Outputs run(ByteBuffer given, int count, OutputBuffers buffers) throws OrtException {
    try (OnnxTensor tensor = input(given, count)) {
      return buffers.run(session, Map.of(ports.fed(), tensor), outputNames, count);
    }
  }

  private OnnxTensor input(ByteBuffer given, int count) throws OrtException {
    Extent extent = folder.preprocessor().output();
    return ports.fedPixels()
        ? OnnxTensor.createTensor(
            environment,
            given,
            new long[] {count, extent.height(), extent.width(), 3},
            OnnxJavaType.UINT8)
        : type.tensor(environment, given, new long[] {count, 3, extent.height(), extent.width()});
  }

  @Override
  public void close() {
    close(session);
    external.forEach(OnnxTensor::close);
    weights.close();
  }

  private static void close(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("cannot release a session", e);
    }
  }
}
