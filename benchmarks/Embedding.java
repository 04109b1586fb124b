import com.sun.management.OperatingSystemMXBean;
import dev.lookalike.embed.model.runtime.Devices;
import dev.lookalike.embed.model.runtime.OnnxModel;
import dev.lookalike.embed.model.runtime.OnnxModel.Feed;
import dev.lookalike.embed.model.runtime.OnnxModel.Inference;
import dev.lookalike.embed.model.runtime.PixelBuffer;
import dev.lookalike.imaging.Bounds;
import dev.lookalike.imaging.CanonicalDecoder;
import dev.lookalike.imaging.CanonicalResult;
import dev.lookalike.imaging.Canonicalizer;
import dev.lookalike.imaging.DecodeResult;
import dev.lookalike.imaging.ImageLimits;
import dev.lookalike.imaging.RgbImage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * Measures models only: from an image file to its embedding, without Kafka or an index. Started by
 * benchmarks/embedding:
 *
 * <pre>
 *   benchmarks/embedding variants IMAGES GRAPH...   accuracy and speed; the first graph is the reference
 *   benchmarks/embedding speed GRAPH...             speed only, by batch size
 *   benchmarks/embedding memory IMAGES GRAPH COUNT  resident set after each thousand images
 *   benchmarks/embedding bare IMAGES GRAPH          decode, preprocess, infer: nothing else; one worker per core
 * </pre>
 *
 * IMAGES holds validation/ and test/ with a folder for each class (memory: any JPEGs). A graph is a
 * model folder or a file in one. Speed is CPU time of the whole process with one thread per run, so
 * that other load on the machine matters little.
 */
public final class Embedding {
  private static final int THREADS = Runtime.getRuntime().availableProcessors();
  private static final ImageLimits LIMITS = new ImageLimits(32 << 20, 50_000_000);

  private Embedding() {}

  public static void main(String[] arguments) throws Exception {
    List<String> rest = List.of(arguments).subList(1, arguments.length);
    switch (arguments[0]) {
      case "variants" -> variants(Path.of(rest.getFirst()), rest.subList(1, rest.size()));
      case "speed" -> speed(rest);
      case "bare" -> bare(Path.of(rest.get(0)), rest.get(1));
      case "memory" -> memory(Path.of(rest.get(0)), rest.get(1), Integer.parseInt(rest.get(2)));
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> file.toString().toLowerCase().endsWith(".jpg")).sorted().toList();
    }
  }

  private static RgbImage decoded(Path file) throws IOException {
    if (!(Canonicalizer.canonicalize(Files.readAllBytes(file), LIMITS, Bounds.DEFAULT)
        instanceof CanonicalResult.Canonical canonical)) {
      throw new IllegalStateException(file + " is refused");
    }
    if (!(CanonicalDecoder.decode(canonical.image().jpeg())
        instanceof DecodeResult.Decoded decoded)) {
      throw new IllegalStateException(file + " cannot be read again");
    }
    return decoded.image();
  }

  private static float[][] embeddings(OnnxModel model, List<Path> files) throws Exception {
    float[][] embeddings = new float[files.size()][];
    embed(model, files, (index, embedding) -> embeddings[index] = embedding);
    return embeddings;
  }

  /** Decodes a file to pixels. */
  private interface Decoding {
    RgbImage of(Path file) throws IOException;
  }

  private static void embed(OnnxModel model, List<Path> files, BiConsumer<Integer, float[]> taken)
      throws Exception {
    embed(model, files, Embedding::decoded, taken);
  }

  private static void embed(
      OnnxModel model, List<Path> files, Decoding decoding, BiConsumer<Integer, float[]> taken)
      throws Exception {
    int batch = Math.min(8, model.maxBatchSize());
    embed(model, files, decoding, model.buffer(batch), batch, taken);
  }

  private static void embed(
      OnnxModel model,
      List<Path> files,
      Decoding decoding,
      PixelBuffer pixels,
      int batch,
      BiConsumer<Integer, float[]> taken)
      throws Exception {
    for (int first = 0; first < files.size(); first += batch) {
      int count = Math.min(batch, files.size() - first);
      for (int i = 0; i < count; i++) {
        pixels.write(decoding.of(files.get(first + i)), i);
      }
      List<Inference> inferred = model.infer(pixels, 0, count);
      for (int i = 0; i < count; i++) {
        taken.accept(first + i, normalised(inferred.get(i).embedding()));
      }
    }
  }

  private static float[] normalised(float[] vector) {
    double norm = Math.sqrt(dot(vector, vector));
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / norm);
    }
    return vector;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private static int nearest(float[] query, float[][] gallery) {
    int best = 0;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < gallery.length; i++) {
      double similarity = dot(query, gallery[i]);
      if (similarity > most) {
        most = similarity;
        best = i;
      }
    }
    return best;
  }

  private static String label(Path file) {
    return file.getParent().getFileName().toString();
  }

  private static void variants(Path images, List<String> graphs) throws Exception {
    List<Path> queries = files(images.resolve("test"));
    List<Path> gallery = files(images.resolve("validation"));
    float[][] reference = null;
    int[] referenceNearest = new int[queries.size()];
    System.out.println("| graph | input | batch | cosine mean | cosine min | R@1 | same nearest | CPU ms an image, in batches | alone |");
    System.out.println("|---|---|---|---|---|---|---|---|---|");
    for (String graph : graphs) {
      try (OnnxModel model = OnnxModel.load(Path.of(graph), 1)) {
        float[][] found = embeddings(model, queries);
        float[][] against = embeddings(model, gallery);
        double sum = 0;
        double least = 1;
        int hits = 0;
        int same = 0;
        for (int i = 0; i < found.length; i++) {
          int nearest = nearest(found[i], against);
          hits += label(gallery.get(nearest)).equals(label(queries.get(i))) ? 1 : 0;
          if (reference == null) {
            referenceNearest[i] = nearest;
          }
          same += nearest == referenceNearest[i] ? 1 : 0;
          double cosine = reference == null ? 1 : dot(found[i], reference[i]);
          sum += cosine;
          least = Math.min(least, cosine);
        }
        if (reference == null) {
          reference = found;
        }
        int batch = Math.min(8, model.maxBatchSize());
        System.out.printf(
            "| %s | %s | %d | %.5f | %.5f | %.3f | %.3f | %.1f | %.1f |%n",
            Path.of(graph).getFileName(), model.inputType(), batch, sum / found.length, least,
            (double) hits / found.length, (double) same / found.length,
            millis(model, batch) / batch, millis(model, 1));
      }
    }
  }

  private static void speed(List<String> graphs) throws Exception {
    System.out.println("| graph | input | fed | ms to prepare an image | CPU ms an image, alone | in batches of 8 | of 16 |");
    System.out.println("|---|---|---|---|---|---|---|");
    for (String graph : graphs) {
      for (Feed feed : Feed.values()) {
        try (OnnxModel model = OnnxModel.load(Path.of(graph), 1, Devices.cpu(), feed)) {
          boolean batches = model.maxBatchSize() > 1;
          System.out.printf(
              "| %s | %s | %s | %.2f | %.1f | %s | %s |%n", Path.of(graph).getFileName(), model.inputType(),
              model.fedPixels() ? "pixels" : "tensors", prepareMillis(model), millis(model, 1),
              batches ? "%.1f".formatted(millis(model, 8) / 8) : "",
              batches ? "%.1f".formatted(millis(model, 16) / 16) : "");
        }
      }
    }
  }

  private static RgbImage noise(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    new Random(1).nextBytes(rgb);
    return new RgbImage(width, height, rgb);
  }

  private static OperatingSystemMXBean system() {
    return (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  }

  /** Mean CPU time of the preprocessing of a canonical image. */
  private static double prepareMillis(OnnxModel model) {
    PixelBuffer pixels = model.buffer(1);
    RgbImage image = noise(512, 683);
    long start = 0;
    for (int run = -300; run < 500; run++) {
      if (run == 0) {
        start = system().getProcessCpuTime();
      }
      pixels.write(image, 0);
    }
    return (system().getProcessCpuTime() - start) / 500e6;
  }

  /** Median CPU time of a run on noise. */
  private static double millis(OnnxModel model, int batch) throws Exception {
    PixelBuffer pixels = model.buffer(batch);
    for (int i = 0; i < batch; i++) {
      pixels.write(noise(300 + i, 300), i);
    }
    long[] took = new long[11];
    // The CPU clock ticks every 10 ms: enough runs make that negligible.
    int repeat = Math.max(1, 16 / batch);
    for (int run = -2; run < took.length; run++) {
      long start = system().getProcessCpuTime();
      for (int i = 0; i < repeat; i++) {
        model.infer(pixels, 0, batch);
      }
      if (run >= 0) {
        took[run] = (system().getProcessCpuTime() - start) / repeat;
      }
    }
    Arrays.sort(took);
    return took[took.length / 2] / 1e6;
  }

  /** The baseline for the stream: each worker has its own model and one thread for its runs. */
  private static void bare(Path images, String graph) throws Exception {
    List<Path> files = files(images);
    OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    List<OnnxModel> models = new ArrayList<>();
    for (int worker = 0; worker < THREADS; worker++) {
      models.add(OnnxModel.load(Path.of(graph), 1));
    }
    long start = System.nanoTime();
    long cpu = system.getProcessCpuTime();
    try (var workers = Executors.newFixedThreadPool(THREADS)) {
      List<Callable<Void>> shares = new ArrayList<>();
      for (int worker = 0; worker < THREADS; worker++) {
        int first = worker;
        shares.add(
            () -> {
              List<Path> share = new ArrayList<>();
              for (int i = first; i < files.size(); i += THREADS) {
                share.add(files.get(i));
              }
              embed(models.get(first), share, Embedding::asItIs, (index, embedding) -> {});
              return null;
            });
      }
      for (Future<Void> share : workers.invokeAll(shares)) {
        share.get();
      }
    }
    System.out.printf(
        "{\"images\": %d, \"seconds\": %.2f, \"cpu_seconds\": %.2f}%n",
        files.size(), (System.nanoTime() - start) / 1e9, (system.getProcessCpuTime() - cpu) / 1e9);
    for (OnnxModel model : models) {
      model.close();
    }
  }

  /** The file's own pixels, not its canonical image's. */
  private static RgbImage asItIs(Path file) throws IOException {
    if (!(CanonicalDecoder.decode(Files.readAllBytes(file)) instanceof DecodeResult.Decoded decoded)) {
      throw new IllegalStateException(file + " cannot be read");
    }
    return decoded.image();
  }

  private static void memory(Path images, String graph, int count) throws Exception {
    List<Path> files = files(images);
    try (OnnxModel model = OnnxModel.load(Path.of(graph), THREADS)) {
      // One for all: unused ones are freed only by a full collection.
      int batch = Math.min(8, model.maxBatchSize());
      PixelBuffer pixels = model.buffer(batch);
      long start = System.nanoTime();
      System.out.println("| images | resident MiB | of it Java heap | all else | seconds |");
      System.out.println("|---|---|---|---|---|");
      for (int done = 0; done < count; ) {
        List<Path> next = new ArrayList<>();
        while (next.size() < 1000 && done + next.size() < count) {
          next.add(files.get((done + next.size()) % files.size()));
        }
        embed(model, next, Embedding::decoded, pixels, batch, (index, embedding) -> {});
        done += next.size();
        double resident = residentKib() / 1024.0;
        double heap = heapBytes() / 1048576.0;
        System.out.printf(
            "| %d | %.1f | %.1f | %.1f | %.0f |%n", done, resident, heap, resident - heap, (System.nanoTime() - start) / 1e9);
      }
    }
  }

  /** Memory that the Java heap takes from the machine, including pages never used. */
  private static long heapBytes() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
  }

  private static long residentKib() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
