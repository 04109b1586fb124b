package dev.lookalike.embed.model.runtime;

import ai.onnxruntime.OrtException;
import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.model.folder.ModelFolder;
import dev.lookalike.embed.model.runtime.OutputBuffers.Outputs;
import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import dev.lookalike.proto.image.v1.ModelReference;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Checks a graph against its folder, and runs it: what is found holds for every run that follows.
 *
 * @param buffers for its outputs
 * @param reader of its outputs
 * @param maxBatchSize images of one run, at most
 */
record ModelCheck(
    OutputBuffers buffers, OutputReader reader, ModelReference reference, int maxBatchSize) {
  private static final Logger LOG = Logger.getLogger(ModelCheck.class);
  private static final int MAX_DIMENSION = 4096;

  /**
   * Least cosine of an image's embeddings alone and in a batch. Kernels of int8 and float16 may
   * round differently for another number of rows; quantisation by the range of the batch gives .99.
   */
  private static final double SAME = 0.9999;

  /** What the first run showed. */
  private record FirstRun(OutputBuffers buffers, OutputReader reader, float[] embedding) {}

  /**
   * @throws ModelRefusedException with the field, what was expected and what was found
   */
  static ModelCheck of(ModelSession session) {
    ModelFolder folder = session.folder();
    int batch = largestBatch(session);
    session.type().verify(folder.preprocessor());
    FirstRun first = firstRun(session);
    checkEmbedding(session, first.embedding());
    ModelReference reference =
        ModelReference.newBuilder()
            .setId(folder.id())
            .setVersion(folder.version())
            .setDigest(folder.digest())
            .setPreprocessingVersion(preprocessingVersion(session, first.reader()))
            .setDimension(first.embedding().length)
            .build();
    return new ModelCheck(
        first.buffers(),
        first.reader(),
        reference,
        batch > 1 && isSameInABatch(session, first) ? batch : 1);
  }

  /** Largest batch that the graph takes; checks the other dimensions on the way. */
  private static int largestBatch(ModelSession session) {
    long[] shape = session.ports().input().shape().stream().mapToLong(Long::longValue).toArray();
    Extent output = session.folder().preprocessor().output();
    long[] expected = {-1, 3, output.height(), output.width()};
    boolean fits = shape.length == 4 && (shape[0] < 0 || shape[0] == 1);
    for (int i = 1; fits && i < 4; i++) {
      fits = shape[i] < 0 || shape[i] == expected[i];
    }
    if (!fits) {
      throw new ModelRefusedException(
          "input " + session.ports().input().name() + " shape",
          "[N, 3, " + output.height() + ", " + output.width() + "] as the processor makes it",
          Arrays.toString(shape));
    }
    return session.folder().graph().dynamicallyQuantised() || shape[0] == 1 ? 1 : Integer.MAX_VALUE;
  }

  /** Runs the model on a pattern. */
  private static FirstRun firstRun(ModelSession session) {
    try (Outputs seen = session.run(patterns(session, 1), 0, 1, session.unbound())) {
      OutputReader reader = OutputReader.of(session.ports(), session.folder().labels(), seen);
      float[] embedding = reader.read(seen, 1).getFirst().embedding();
      return new FirstRun(session.bound(seen), reader, embedding);
    } catch (OrtException e) {
      throw new ModelRefusedException(
          "model.onnx", "a graph that runs", String.valueOf(e.getMessage()), e);
    }
  }

  private static void checkEmbedding(ModelSession session, float[] embedding) {
    String output = "output " + session.ports().embedding().name();
    int dimension = embedding.length;
    if (dimension < 1 || dimension > MAX_DIMENSION) {
      throw new ModelRefusedException(
          output + " dimension", "1 to " + MAX_DIMENSION, "" + dimension);
    }
    Optional<Integer> stated = session.folder().stated().dimension();
    if (stated.isPresent() && stated.get() != dimension) {
      throw new ModelRefusedException("dimension", "" + stated.get(), "" + dimension);
    }
    for (float value : embedding) {
      if (!Float.isFinite(value)) {
        throw new ModelRefusedException(output, "finite numbers", String.valueOf(value));
      }
    }
  }

  /** A tensor or pooling that was asked for makes other vectors of the same weights. */
  private static String preprocessingVersion(ModelSession session, OutputReader reader) {
    String version = session.folder().preprocessingVersion();
    return session.ports().embedding().stated()
        ? ModelFolder.preprocessingVersion(
            version + " " + reader.embedding() + " " + reader.pooling().word())
        : version;
  }

  /** Different images, the same in any number. */
  private static PixelBuffer patterns(ModelSession session, int images) {
    PixelBuffer pixels = session.buffer(images);
    int each = session.folder().preprocessor().floats();
    for (int image = 0; image < images; image++) {
      for (int i = 0; i < each; i++) {
        int at = image * each + i;
        int number = i * 31 + image * 17;
        if (session.ports().fedPixels()) {
          pixels.slots(0, images).put(at, (byte) Math.floorMod(number, 251));
        } else {
          pixels.floats().put(at, session.type().pattern(number));
        }
      }
    }
    return pixels;
  }

  /** Whether an image gives the same embedding beside another one. */
  private static boolean isSameInABatch(ModelSession session, FirstRun first) {
    String id = session.folder().id();
    double similarity;
    try (Outputs outputs = session.run(patterns(session, 2), 0, 2, first.buffers())) {
      List<OnnxModel.Inference> both = first.reader().read(outputs, 2);
      similarity = cosine(first.embedding(), both.getFirst().embedding());
    } catch (OrtException e) {
      LOG.warnf("model %s takes one image at a time: a batch of two fails: %s", id, e.getMessage());
      return false;
    }
    if (!(similarity >= SAME)) {
      LOG.warnf(
          "model %s takes one image at a time: its embedding of an image changes beside another"
              + " one, cosine %.5f",
          id, similarity);
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
}
