package dev.lookalike.embed.model;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.lookalike.embed.model.OutputBuffers.Outputs;
import dev.lookalike.embed.preprocess.Preprocessor;
import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import dev.lookalike.proto.image.v1.ModelReference;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jboss.logging.Logger;

/**
 * One model in one session of ONNX Runtime, verified against its graph and run. Its weights are in
 * memory of its own: files that change later change nothing here. Thread-safe; {@link #infer} may
 * run in several threads, though each run uses all its threads already. Not to be used after {@link
 * #close}.
 */
public final class OnnxModel implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(OnnxModel.class);
  private static final long ENVIRONMENT_STACK_BYTES = 256L << 20;
  private static final int MAX_DIMENSION = 4096;

  /** Classes with a label, best first, at most. */
  private static final int LABELS = 5;

  /**
   * Least cosine of an image's embeddings alone and in a batch. Kernels of int8 and float16 may
   * round differently for another number of rows; quantisation by the range of the batch gives .99.
   */
  private static final double SAME = 0.9999;

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final Arena weights;
  private final List<OnnxTensor> external;
  private final Devices devices;
  private final ModelFolder description;
  private final PixelType type;
  private final GraphFile.Part.Input input;
  private final boolean fedLevels;
  private final EmbeddingTensor embedding;
  private final Optional<String> logits;
  private final Queue<ByteBuffer> spare = new ConcurrentLinkedQueue<>();
  private final OutputBuffers outputBuffers;
  private volatile int maxBatchSize = 1;
  private volatile EmbeddingTensor.Pooling pooling = EmbeddingTensor.Pooling.FLATTEN;
  private volatile ModelReference reference = ModelReference.getDefaultInstance();

  private static final ByteBuffer EMPTY = ByteBuffer.allocateDirect(0);

  /** In what form a graph is fed. */
  public enum Feed {
    /** The tensor, as the preprocessor makes it. */
    TENSORS,
    /** 8-bit pixels, of which the graph makes the same tensor; where it can be had. */
    PIXELS
  }

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
      Arena weights,
      List<OnnxTensor> external,
      Devices devices,
      ModelFolder description,
      Wiring wiring) {
    this.environment = environment;
    this.outputBuffers = new OutputBuffers(environment);
    this.session = session;
    this.weights = weights;
    this.external = external;
    this.devices = devices;
    this.description = description;
    this.input = wiring.input();
    this.embedding = wiring.embedding();
    this.logits = wiring.logits();
    this.type = PixelType.of(input);
    this.fedLevels = wiring.cut().prefix().isPresent();
  }

  /** What goes into a graph and what is taken from it. */
  private record Wiring(
      GraphCut cut,
      GraphFile.Part.Input input,
      EmbeddingTensor embedding,
      Optional<String> logits) {
    static Wiring of(ModelFolder folder, Feed feed) {
      GraphFile graph = folder.graph();
      EmbeddingTensor embedding = EmbeddingTensor.of(graph, folder.stated());
      Optional<String> logits = folder.stated().logits();
      if (logits.isPresent()
          && !graph.outputs().contains(logits.get())
          && !graph.producers().containsKey(logits.get())) {
        throw new ModelRefusedException(
            "logits", logits.get(), EmbeddingTensor.names(graph.outputs()));
      }
      // Without names there is nothing to say of a class.
      logits =
          logits
              .or(() -> Optional.of(EmbeddingTensor.LOGITS).filter(graph.outputs()::contains))
              .filter(name -> !folder.labels().isEmpty() && !name.equals(embedding.name()));
      List<String> wanted = new ArrayList<>(List.of(embedding.name()));
      logits.ifPresent(wanted::add);
      GraphCut cut = GraphCut.of(graph, wanted);
      String input = input(folder, cut, embedding);
      Optional<PixelPrefix> prefix =
          switch (feed) {
            case TENSORS -> Optional.empty();
            case PIXELS -> PixelPrefix.of(graph, input, folder.preprocessor());
          };
      return new Wiring(prefix.map(cut::behind).orElse(cut), graph.input(input), embedding, logits);
    }

    private static String input(ModelFolder folder, GraphCut cut, EmbeddingTensor embedding) {
      Optional<String> stated = folder.stated().input();
      if (cut.inputs().size() != 1) {
        throw new ModelRefusedException(
            "input",
            "one, the pixels, for output " + embedding.name(),
            EmbeddingTensor.names(cut.inputs()));
      }
      String only = cut.inputs().getFirst();
      if (stated.isPresent() && !stated.get().equals(only)) {
        throw new ModelRefusedException("input", stated.get(), only);
      }
      return only;
    }
  }

  /**
   * The environment of the process. The first call makes it on a thread with a deep stack: ONNX
   * Runtime 1.29 reads the command line of the process by recursion, and one of more than 4 KB (a
   * long class path) overflows the stack of an ordinary thread, which kills the process without a
   * word. Only the pages of a stack that are touched are ever resident.
   */
  static OrtEnvironment environment() {
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

  /** Options as they are, behind {@link #environment}: the first made loads the libraries. */
  static OrtSession.SessionOptions options() {
    var unused = environment();
    return new OrtSession.SessionOptions();
  }

  /** On the CPU. */
  public static OnnxModel load(Path folder, int threads) {
    return load(folder, threads, Devices.cpu());
  }

  /**
   * Reads a folder, loads its graph, holds one against the other and runs it.
   *
   * @param folder of a model, or a graph in one
   * @param threads that one run uses on the CPU, at least 1
   * @param devices where it is to run; where CUDA is preferred and this model does not run on it,
   *     it runs on the CPU
   * @throws ModelRefusedException with the field, what was expected and what was found
   */
  public static OnnxModel load(Path folder, int threads, Devices devices) {
    try {
      return load(folder, threads, devices, devices.cuda() ? Feed.PIXELS : Feed.TENSORS);
    } catch (ModelRefusedException e) {
      if (!devices.cuda() || devices.policy() == Devices.Policy.REQUIRE) {
        throw e;
      }
      OnnxModel model =
          load(folder, threads, devices.without(String.valueOf(e.getMessage())), Feed.TENSORS);
      LOG.warnf(
          "model %s runs on the CPU: not on %s, since %s",
          model.reference().getId(), devices.name(), e.getMessage());
      return model;
    }
  }

  /** The same, fed in a form of the caller's choice, and without another try on the CPU. */
  // The weights are closed with the model, or in finally.
  @SuppressWarnings("MustBeClosedChecker")
  public static OnnxModel load(Path folder, int threads, Devices devices, Feed feed) {
    Arena weights = Arena.ofShared();
    List<OnnxTensor> external = new ArrayList<>();
    Optional<OrtSession> opened = Optional.empty();
    boolean done = false;
    try (Arena file = Arena.ofConfined();
        OrtSession.SessionOptions options = options()) {
      ModelFolder description = ModelFolder.read(folder, file, weights);
      Wiring wiring = Wiring.of(description, feed);
      OrtEnvironment environment = environment();
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      // A thread that waits spinning takes the core that the decoders need.
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      // Arena memory is never given back, and grows to the largest batch: malloc is no slower here.
      options.setCPUArenaAllocator(false);
      // Exports that declare the shape of an output wrong (ResNet's) would warn at each run.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      ExternalWeights.addTo(options, environment, description, wiring.cut(), external);
      devices.addTo(options);
      OrtSession session =
          environment.createSession(wiring.cut().bytes(file).asByteBuffer(), options);
      opened = Optional.of(session);
      OnnxModel model =
          new OnnxModel(environment, session, weights, external, devices, description, wiring);
      model.verify();
      done = true;
      return model;
    } catch (OrtException e) {
      throw new ModelRefusedException(
          "model.onnx",
          opened.isEmpty() ? "a graph that ONNX Runtime loads" : "a graph that runs",
          String.valueOf(e.getMessage()),
          e);
    } finally {
      if (!done) {
        opened.ifPresent(OnnxModel::close);
        external.forEach(OnnxTensor::close);
        weights.close();
      }
    }
  }

  /** Holds the graph against its folder, and runs it. */
  private void verify() throws OrtException {
    int batch = verifiedBatch();
    type.verify(description.preprocessor());
    float[] alone = warmUp();
    int dimension = alone.length;
    if (dimension < 1 || dimension > MAX_DIMENSION) {
      throw new ModelRefusedException(
          "output " + embedding.name() + " dimension", "1 to " + MAX_DIMENSION, "" + dimension);
    }
    Optional<Integer> stated = description.stated().dimension();
    if (stated.isPresent() && stated.get() != dimension) {
      throw new ModelRefusedException("dimension", "" + stated.get(), "" + dimension);
    }
    for (float value : alone) {
      if (!Float.isFinite(value)) {
        throw new ModelRefusedException(
            "output " + embedding.name(), "finite numbers", String.valueOf(value));
      }
    }
    reference =
        ModelReference.newBuilder()
            .setId(description.id())
            .setVersion(description.version())
            .setDigest(description.digest())
            .setPreprocessingVersion(preprocessingVersion())
            .setDimension(dimension)
            .build();
    maxBatchSize = batch > 1 && sameInABatch(alone) ? batch : 1;
  }

  /** A tensor or pooling that was asked for makes other vectors of the same weights. */
  private String preprocessingVersion() {
    return embedding.stated()
        ? ModelFolder.preprocessingVersion(
            description.preprocessingVersion() + " " + embedding.name() + " " + pooling.word())
        : description.preprocessingVersion();
  }

  /** Largest batch that the graph takes; checks the other dimensions on the way. */
  private int verifiedBatch() {
    long[] shape = input.shape().stream().mapToLong(Long::longValue).toArray();
    Extent output = description.preprocessor().output();
    long[] expected = {-1, 3, output.height(), output.width()};
    boolean fits = shape.length == 4 && (shape[0] < 0 || shape[0] == 1);
    for (int i = 1; fits && i < 4; i++) {
      fits = shape[i] < 0 || shape[i] == expected[i];
    }
    if (!fits) {
      throw new ModelRefusedException(
          "input " + input.name() + " shape",
          "[N, 3, " + output.height() + ", " + output.width() + "] as the processor makes it",
          Arrays.toString(shape));
    }
    return description.graph().dynamicallyQuantised() || shape[0] == 1 ? 1 : Integer.MAX_VALUE;
  }

  /** Runs the model on a pattern and returns the embedding. */
  private float[] warmUp() throws OrtException {
    try {
      return infer(patterns(1), 0, 1).getFirst().embedding();
    } catch (ModelFailedException e) {
      throw new ModelRefusedException(
          "model.onnx", "a graph that runs", String.valueOf(e.getMessage()), e);
    }
  }

  /** Different images, the same in any number. */
  private PixelBuffer patterns(int images) {
    PixelBuffer pixels = buffer(images);
    int each = description.preprocessor().floats();
    for (int image = 0; image < images; image++) {
      for (int i = 0; i < each; i++) {
        int at = image * each + i;
        int number = i * 31 + image * 17;
        if (fedLevels) {
          pixels.slots(0, images).put(at, (byte) Math.floorMod(number, 251));
        } else {
          pixels.floats().put(at, type.pattern(number));
        }
      }
    }
    return pixels;
  }

  /** Whether an image gives the same embedding beside another one. */
  private boolean sameInABatch(float[] alone) {
    double similarity;
    try {
      similarity = cosine(alone, infer(patterns(2), 0, 2).getFirst().embedding());
    } catch (ModelFailedException e) {
      LOG.warnf(
          "model %s takes one image at a time: a batch of two fails: %s",
          description.id(), e.getMessage());
      return false;
    }
    if (!(similarity >= SAME)) {
      LOG.warnf(
          "model %s takes one image at a time: beside another image the embedding is another one,"
              + " cosine %.5f",
          description.id(), similarity);
      return false;
    }
    return true;
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }

  /** Id, version, digest, preprocessing, dimension. */
  public ModelReference reference() {
    return reference;
  }

  /** What makes this model's input. */
  public Preprocessor preprocessor() {
    return description.preprocessor();
  }

  /** Where it was loaded from. */
  public Path folder() {
    return description.folder();
  }

  /** Images of one run, at most: 1 where the graph takes no more, or where more change vectors. */
  public int maxBatchSize() {
    return maxBatchSize;
  }

  /** Number of labelled classes of the classification head; 0 without one. */
  public int classes() {
    return logits.isPresent() ? description.labels().size() : 0;
  }

  /** "float32", "float16" or "uint8". */
  public String inputType() {
    return type.word();
  }

  /** The tensor that embeddings are made of. */
  public String embeddingOutput() {
    return embedding.name();
  }

  /** How they are made of it: "flatten", "cls" or "mean". */
  public String pooling() {
    return pooling.word();
  }

  /** What it runs on: "cpu", "cuda:0". */
  public String device() {
    return devices.name();
  }

  /** Why it does not run on the device that was asked for. */
  public Optional<String> deviceTrouble() {
    return devices.trouble();
  }

  /** Whether the graph is handed 8-bit pixels, and makes its own input of them. */
  public boolean fedPixels() {
    return fedLevels;
  }

  /** Direct memory for the input of {@code images} images. */
  public PixelBuffer buffer(int images) {
    return new PixelBuffer(preprocessor(), fedLevels, images);
  }

  /**
   * Runs the model.
   *
   * @param pixels of {@link #buffer}; not changed
   * @param first slot
   * @param count of slots, 1 to {@link #maxBatchSize}
   * @return one for each image, in order
   * @throws ModelFailedException where the run fails, or gives another shape than one row for each
   *     image
   */
  public List<Inference> infer(PixelBuffer pixels, int first, int count)
      throws ModelFailedException {
    ByteBuffer given = pixels.slots(first, count);
    if (pixels.levels() != fedLevels) {
      throw new IllegalArgumentException("memory of a model that is fed in another form");
    }
    if (fedLevels || type.isFloat()) {
      return infer(given, count);
    }
    ByteBuffer converted = Objects.requireNonNullElse(spare.poll(), EMPTY);
    try {
      converted = type.converted(given.asFloatBuffer(), converted);
      return infer(converted, count);
    } finally {
      spare.add(converted);
    }
  }

  /** As the session takes it. */
  private List<Inference> infer(ByteBuffer given, int count) throws ModelFailedException {
    String fed = fedLevels ? PixelPrefix.INPUT : input.name();
    try (OnnxTensor tensor = input(given, count);
        Outputs outputs = outputBuffers.run(session, Map.of(fed, tensor), outputs(), count)) {
      return inferences(outputs, count);
    } catch (OrtException e) {
      throw new ModelFailedException(String.valueOf(e.getMessage()), e);
    }
  }

  private Set<String> outputs() {
    return logits.isPresent() ? Set.of(embedding.name(), logits.get()) : Set.of(embedding.name());
  }

  private OnnxTensor input(ByteBuffer given, int count) throws OrtException {
    Extent extent = preprocessor().output();
    return fedLevels
        ? OnnxTensor.createTensor(
            environment,
            given,
            new long[] {count, extent.height(), extent.width(), 3},
            OnnxJavaType.UINT8)
        : type.tensor(environment, given, new long[] {count, 3, extent.height(), extent.width()});
  }

  private List<Inference> inferences(Outputs outputs, int count) throws OrtException {
    float[][] embeddings = embeddings(outputs, count);
    float[][] scores =
        logits.isPresent()
            ? rows(logits.get(), outputs, count, EmbeddingTensor.Pooling.FLATTEN)
            : new float[0][];
    List<Inference> inferences = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      inferences.add(
          new Inference(embeddings[i], logits.isPresent() ? best(scores[i]) : List.of()));
    }
    return inferences;
  }

  private float[][] embeddings(Outputs outputs, int count) throws OrtException {
    int rank = outputs.info(embedding.name()).getShape().length;
    pooling =
        embedding
            .pooling()
            .orElse(
                switch (rank) {
                  case 3 -> EmbeddingTensor.Pooling.CLS;
                  case 4 -> EmbeddingTensor.Pooling.MEAN;
                  default -> EmbeddingTensor.Pooling.FLATTEN;
                });
    return rows(embedding.name(), outputs, count, pooling);
  }

  /** One row for each image. */
  private static float[][] rows(
      String name, Outputs outputs, int count, EmbeddingTensor.Pooling pooling)
      throws OrtException {
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
    try {
      return pooling.rows(values, shape);
    } catch (IllegalArgumentException e) {
      throw new OrtException(
          "output %s, pooling %s: %s".formatted(name, pooling.word(), e.getMessage()));
    }
  }

  private List<ClassProbability> best(float[] logits) throws OrtException {
    List<String> labels = description.labels();
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
