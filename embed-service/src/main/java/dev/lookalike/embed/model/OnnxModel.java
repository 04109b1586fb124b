package dev.lookalike.embed.model;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.lookalike.embed.preprocess.Preprocessor;
import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import dev.lookalike.proto.image.v1.ModelReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * One model in one session of ONNX Runtime on the CPU, verified against its graph and run once.
 * Thread-safe; {@link #infer} may run in several threads, though each run uses all its threads
 * already. Not to be used after {@link #close}.
 */
public final class OnnxModel implements AutoCloseable {
  private static final long ENVIRONMENT_STACK_BYTES = 256L << 20;

  /** Outputs that are taken for the embedding where the folder names none, in this order. */
  private static final List<String> EMBEDDINGS =
      List.of("embedding", "image_embeds", "pooler_output");

  private static final String LOGITS = "logits";
  private static final int MAX_DIMENSION = 4096;

  /** Classes with a label, best first, at most. */
  private static final int LABELS = 5;

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final Preprocessor preprocessor;
  private final String input;
  private final String embedding;
  private final Optional<String> logits;
  private final List<String> labels;
  private final int maxBatchSize;
  private final ModelReference reference;

  /** A class of the model's head and its probability. */
  public record ClassProbability(String name, float probability) {}

  /**
   * What the model says of one image.
   *
   * @param embedding as the graph gives it, not normalised; the caller's
   * @param classes best first, at most 5; empty without a classification head
   */
  public record Inference(float[] embedding, List<ClassProbability> classes) {}

  private OnnxModel(
      OrtEnvironment environment,
      OrtSession session,
      ModelFolder folder,
      String input,
      String embedding,
      Optional<String> logits,
      int maxBatchSize,
      int dimension) {
    this.environment = environment;
    this.session = session;
    this.preprocessor = folder.preprocessor();
    this.input = input;
    this.embedding = embedding;
    this.logits = logits;
    this.labels = folder.labels();
    this.maxBatchSize = maxBatchSize;
    this.reference =
        ModelReference.newBuilder()
            .setId(folder.id())
            .setVersion(folder.version())
            .setDigest(folder.digest())
            .setPreprocessingVersion(folder.preprocessingVersion())
            .setDimension(dimension)
            .build();
  }

  /**
   * The environment of the process. The first call makes it on a thread with a deep stack: ONNX
   * Runtime 1.29 reads the command line of the process by recursion, and one of more than 4 KB (a
   * long class path) overflows the stack of an ordinary thread, which kills the process without a
   * word. Only the pages of a stack that are touched are ever resident.
   */
  private static OrtEnvironment environment() {
    FutureTask<OrtEnvironment> task =
        new FutureTask<>(
            () -> {
              RuntimeLibraries.prepare();
              return OrtEnvironment.getEnvironment();
            });
    Thread thread = new Thread(null, task, "onnxruntime", ENVIRONMENT_STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("ONNX Runtime cannot be loaded", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while loading ONNX Runtime", e);
    }
  }

  /**
   * Reads a folder, loads its graph, holds one against the other and runs it once.
   *
   * @param threads that one run uses, at least 1
   * @throws ModelRefusedException with the field, what was expected and what was found
   */
  public static OnnxModel load(Path folder, int threads) {
    ModelFolder description = ModelFolder.read(folder);
    OrtEnvironment environment = environment();
    OrtSession session;
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      // A waiting thread that spins takes the core that the decoders need.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      // Arena memory is never given back, and grows to the largest batch: malloc is no slower here.
      options.setCPUArenaAllocator(false);
      session = environment.createSession(description.graph().toString(), options);
    } catch (OrtException e) {
      throw new ModelRefusedException(
          "model.onnx", "a graph that ONNX Runtime loads", String.valueOf(e.getMessage()), e);
    }
    try {
      return verified(environment, session, description);
    } catch (OrtException e) {
      close(session);
      throw new ModelRefusedException(
          "model.onnx", "a graph that runs", String.valueOf(e.getMessage()), e);
    } catch (RuntimeException e) {
      close(session);
      throw e;
    }
  }

  private static OnnxModel verified(
      OrtEnvironment environment, OrtSession session, ModelFolder folder) throws OrtException {
    Map<String, NodeInfo> inputs = session.getInputInfo();
    Map<String, NodeInfo> outputs = session.getOutputInfo();
    String input = input(folder, inputs);
    TensorInfo pixels = tensor("input " + input, inputs.get(input));
    int maxBatchSize = verifiedBatch(folder, input, pixels.getShape());
    String embedding = embedding(folder, outputs);
    tensor("output " + embedding, outputs.get(embedding));
    Optional<String> logits =
        folder
            .stated()
            .logits()
            .or(() -> Optional.of(LOGITS).filter(outputs::containsKey))
            .filter(name -> !name.equals(embedding));
    if (logits.isPresent()) {
      tensor("output " + logits.get(), outputs.get(logits.get()));
    }
    OnnxModel unmeasured =
        new OnnxModel(environment, session, folder, input, embedding, logits, maxBatchSize, 0);
    int dimension = unmeasured.warmUp(folder);
    return new OnnxModel(
        environment, session, folder, input, embedding, logits, maxBatchSize, dimension);
  }

  private static String input(ModelFolder folder, Map<String, NodeInfo> inputs) {
    Optional<String> stated = folder.stated().input();
    if (inputs.size() != 1) {
      throw new ModelRefusedException(
          "input", "a graph with one input, the pixels", names(inputs.keySet()));
    }
    String only = inputs.keySet().iterator().next();
    if (stated.isPresent() && !stated.get().equals(only)) {
      throw new ModelRefusedException("input", stated.get(), only);
    }
    return only;
  }

  private static String embedding(ModelFolder folder, Map<String, NodeInfo> outputs) {
    Optional<String> stated = folder.stated().output();
    if (stated.isPresent()) {
      if (!outputs.containsKey(stated.get())) {
        throw new ModelRefusedException("output", stated.get(), names(outputs.keySet()));
      }
      return stated.get();
    }
    return EMBEDDINGS.stream()
        .filter(outputs::containsKey)
        .findFirst()
        .orElseThrow(
            () ->
                new ModelRefusedException(
                    "output",
                    "one of "
                        + String.join(", ", EMBEDDINGS)
                        + ", or output in lookalike-model.json",
                    names(outputs.keySet())));
  }

  private static TensorInfo tensor(String field, @Nullable NodeInfo node) {
    if (node == null) {
      throw new ModelRefusedException(field, "a tensor of the graph", "none of this name");
    }
    if (!(node.getInfo() instanceof TensorInfo info)) {
      throw new ModelRefusedException(field, "a tensor", String.valueOf(node.getInfo()));
    }
    if (info.type != OnnxJavaType.FLOAT) {
      throw new ModelRefusedException(field + " type", "float32", String.valueOf(info.type));
    }
    return info;
  }

  /** Largest batch that the graph takes; checks the other dimensions on the way. */
  private static int verifiedBatch(ModelFolder folder, String input, long[] shape) {
    Extent output = folder.preprocessor().output();
    String wanted = "[N, 3, " + output.height() + ", " + output.width() + "]";
    long[] expected = {-1, 3, output.height(), output.width()};
    boolean fits = shape.length == 4 && (shape[0] < 0 || shape[0] == 1);
    for (int i = 1; fits && i < 4; i++) {
      fits = shape[i] < 0 || shape[i] == expected[i];
    }
    if (!fits) {
      throw new ModelRefusedException("input " + input + " shape", wanted, Arrays.toString(shape));
    }
    return folder.dynamicallyQuantised() || shape[0] == 1 ? 1 : Integer.MAX_VALUE;
  }

  /** Runs the model on a pattern and returns the length of the embedding. */
  private int warmUp(ModelFolder folder) throws OrtException {
    FloatBuffer pattern = buffer(1);
    for (int i = 0; i < pattern.capacity(); i++) {
      pattern.put(i, (i % 251) / 251f);
    }
    List<Inference> found;
    try {
      found = infer(pattern, 1);
    } catch (ModelFailedException e) {
      throw new ModelRefusedException(
          "model.onnx", "a graph that runs", String.valueOf(e.getMessage()), e);
    }
    int dimension = found.getFirst().embedding().length;
    if (dimension < 1 || dimension > MAX_DIMENSION) {
      throw new ModelRefusedException(
          "output " + embedding + " dimension", "1 to " + MAX_DIMENSION, "" + dimension);
    }
    Optional<Integer> stated = folder.stated().dimension();
    if (stated.isPresent() && stated.get() != dimension) {
      throw new ModelRefusedException("dimension", "" + stated.get(), "" + dimension);
    }
    for (float value : found.getFirst().embedding()) {
      if (!Float.isFinite(value)) {
        throw new ModelRefusedException("output " + embedding, "finite numbers", "" + value);
      }
    }
    return dimension;
  }

  private static String names(Set<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", new TreeSet<>(names));
  }

  /** Id, version, digest, preprocessing, dimension. */
  public ModelReference reference() {
    return reference;
  }

  /** What makes this model's input. */
  public Preprocessor preprocessor() {
    return preprocessor;
  }

  /** Images of one run, at most: 1 where the graph takes no more, or where more change vectors. */
  public int maxBatchSize() {
    return maxBatchSize;
  }

  /** Number of labelled classes of the classification head; 0 without one. */
  public int classes() {
    return logits.isPresent() ? labels.size() : 0;
  }

  /** What it runs on. */
  public String device() {
    return "cpu";
  }

  /** Direct memory for the input of {@code images} images. */
  public FloatBuffer buffer(int images) {
    return ByteBuffer.allocateDirect(
            Math.multiplyExact(images, preprocessor.floats() * Float.BYTES))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /**
   * Runs the model.
   *
   * @param pixels direct, {@code [count, 3, height, width]} from index 0; not changed
   * @param count 1 to {@link #maxBatchSize}
   * @return one for each image, in order
   * @throws ModelFailedException where the run fails, or gives another shape than one row for each
   *     image
   */
  public List<Inference> infer(FloatBuffer pixels, int count) throws ModelFailedException {
    Extent extent = preprocessor.output();
    long[] shape = {count, 3, extent.height(), extent.width()};
    Set<String> wanted = logits.isPresent() ? Set.of(embedding, logits.get()) : Set.of(embedding);
    try (OnnxTensor tensor =
            OnnxTensor.createTensor(
                environment, pixels.slice(0, count * preprocessor.floats()), shape);
        OrtSession.Result result = session.run(Map.of(input, tensor), wanted)) {
      float[][] embeddings = rows(result, embedding, count);
      List<Inference> inferences = new ArrayList<>(count);
      float[][] scores = logits.isPresent() ? rows(result, logits.get(), count) : new float[0][];
      for (int i = 0; i < count; i++) {
        inferences.add(
            new Inference(embeddings[i], logits.isPresent() ? best(scores[i]) : List.of()));
      }
      return inferences;
    } catch (OrtException e) {
      throw new ModelFailedException(String.valueOf(e.getMessage()), e);
    }
  }

  private static float[][] rows(OrtSession.Result result, String name, int count)
      throws OrtException {
    OnnxValue value = result.get(name).orElseThrow();
    if (!(value instanceof OnnxTensor tensor)) {
      throw new OrtException("output " + name + " is no tensor");
    }
    long[] shape = tensor.getInfo().getShape();
    long trailing = 1;
    for (int i = 2; i < shape.length; i++) {
      trailing *= shape[i];
    }
    if (shape.length < 2 || shape[0] != count || trailing != 1) {
      throw new OrtException(
          "output %s: expected [%d, d], found %s".formatted(name, count, Arrays.toString(shape)));
    }
    FloatBuffer values = tensor.getFloatBuffer();
    float[][] rows = new float[count][(int) shape[1]];
    for (float[] row : rows) {
      values.get(row);
    }
    return rows;
  }

  private List<ClassProbability> best(float[] logits) throws OrtException {
    if (labels.isEmpty()) {
      return List.of();
    }
    if (labels.size() != logits.length) {
      throw new OrtException(
          "labels: expected %d for the classes of the graph, found %d"
              .formatted(logits.length, labels.size()));
    }
    return Classes.best(logits, labels, LABELS);
  }

  @Override
  public void close() {
    close(session);
  }

  private static void close(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("cannot release a session", e);
    }
  }
}
