package dev.lookalike.embed.model.runtime;

import ai.onnxruntime.OrtException;
import dev.lookalike.embed.model.DevicePolicy;
import dev.lookalike.embed.model.ModelFailedException;
import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.model.runtime.OutputBuffers.Outputs;
import dev.lookalike.embed.preprocess.Preprocessor;
import dev.lookalike.proto.image.v1.ModelReference;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * One model, verified against its graph and run. Thread-safe; {@link #infer} may run in several
 * threads, though each run uses all its threads already. Not to be used after {@link #close}.
 */
public final class OnnxModel implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(OnnxModel.class);

  private final ModelSession session;
  private final ModelCheck found;

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

  private OnnxModel(ModelSession session, ModelCheck found) {
    this.session = session;
    this.found = found;
  }

  /** On the CPU. */
  public static OnnxModel load(Path folder, int threads) {
    return load(folder, threads, Devices.cpu());
  }

  /**
   * Reads a folder, loads its graph, checks one against the other and runs it.
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
      if (!devices.cuda() || devices.policy() == DevicePolicy.REQUIRE) {
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
  public static OnnxModel load(Path folder, int threads, Devices devices, Feed feed) {
    ModelSession session = ModelSession.open(folder, threads, devices, feed);
    boolean done = false;
    try {
      OnnxModel model = new OnnxModel(session, ModelCheck.of(session));
      done = true;
      return model;
    } finally {
      if (!done) {
        session.close();
      }
    }
  }

  /** Id, version, digest, preprocessing, dimension. */
  public ModelReference reference() {
    return found.reference();
  }

  /** What makes this model's input. */
  public Preprocessor preprocessor() {
    return session.folder().preprocessor();
  }

  /** Where it was loaded from. */
  public Path folder() {
    return session.folder().folder();
  }

  /** Images of one run, at most: 1 where the graph takes no more, or where more change vectors. */
  public int maxBatchSize() {
    return found.maxBatchSize();
  }

  /** Number of labelled classes of the classification head; 0 without one. */
  public int classes() {
    return session.ports().logits().isPresent() ? session.folder().labels().size() : 0;
  }

  /** "float32", "float16" or "uint8". */
  public String inputType() {
    return session.type().word();
  }

  /** The tensor that embeddings are made of. */
  public String embeddingOutput() {
    return session.ports().embedding().name();
  }

  /** How they are made of it: "flatten", "cls" or "mean". */
  public String pooling() {
    return found.reader().pooling().word();
  }

  /** What it runs on: "cpu", "cuda:0". */
  public String device() {
    return session.devices().name();
  }

  /** Why it does not run on the device that was asked for. */
  public Optional<String> deviceTrouble() {
    return session.devices().trouble();
  }

  /** Whether the graph is handed 8-bit pixels, and makes its own input of them. */
  public boolean fedPixels() {
    return session.ports().fedPixels();
  }

  /** Direct memory for the input of {@code images} images. */
  public PixelBuffer buffer(int images) {
    return session.buffer(images);
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
    try (Outputs outputs = session.run(pixels, first, count, found.buffers())) {
      return found.reader().read(outputs, count);
    } catch (OrtException e) {
      throw new ModelFailedException(String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public void close() {
    session.close();
  }
}
