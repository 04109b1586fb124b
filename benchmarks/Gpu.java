package dev.lookalike.embed.model.runtime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.lookalike.embed.model.DevicePolicy;
import dev.lookalike.embed.model.ModelFailedException;
import dev.lookalike.embed.model.graph.OnnxGraph;
import dev.lookalike.embed.model.runtime.OnnxModel.Feed;
import dev.lookalike.embed.model.runtime.OnnxModel.Inference;
import dev.lookalike.imaging.CanonicalDecoder;
import dev.lookalike.imaging.DecodeResult;
import dev.lookalike.imaging.RgbImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;

/**
 * Measures a host with a GPU and prints tables: embeddings compared with the CPU's, images per
 * second by batch size as tensors and as pixels, the share of the device's speed in one large
 * multiplication, the time spent on an image, memory in a soak test, and the behaviour when the
 * device's memory is full. Started by benchmarks/gpu. In the package that it measures, for the
 * small graphs that it writes.
 */
public final class Gpu {
  private static final int IMAGES = 32;

  /** Rows and columns of the large multiplication; fewer on a CPU. */
  private static final int SIDE = 8192;

  private static final int SIDE_ON_CPU = 1024;

  private final Devices devices;
  private final int largest;
  private final long seconds;

  private record Given(Path folder, double gigaFlop) {
    List<Path> graphs() {
      List<Path> graphs = new ArrayList<>(List.of(folder));
      Path half = folder.resolve("model_fp16.onnx");
      if (Files.isRegularFile(half)) {
        graphs.add(half);
      }
      return graphs;
    }

    static String name(Path graph) {
      return graph.toString().endsWith(".onnx")
          ? graph.getParent().getFileName() + " " + graph.getFileName()
          : graph.getFileName().toString();
    }
  }

  private Gpu(Devices devices, int largest, long seconds) {
    this.devices = devices;
    this.largest = largest;
    this.seconds = seconds;
  }

  public static void main(String[] arguments) throws Exception {
    String device = "cuda";
    int largest = 256;
    long seconds = 20;
    List<Given> given = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--device" -> device = arguments[++i];
        case "--batch" -> largest = Integer.parseInt(arguments[++i]);
        case "--seconds" -> seconds = Long.parseLong(arguments[++i]);
        default -> {
          String[] parts = arguments[i].split("=");
          given.add(new Given(Path.of(parts[0]).toAbsolutePath(), Double.parseDouble(parts[1])));
        }
      }
    }
    Devices devices =
        device.equals("cpu") ? Devices.cpu() : Devices.probe(DevicePolicy.REQUIRE, 0, 0);
    if (devices.trouble().isPresent()) {
      System.err.println("CUDA does not run: " + devices.trouble().get());
      System.exit(1);
    }
    System.out.println("device " + devices.name() + " " + card());
    Gpu gpu = new Gpu(devices, largest, seconds);
    double float32 = gpu.multiplication(OnnxGraph.FLOAT);
    double float16 = gpu.multiplication(OnnxGraph.FLOAT16);
    System.out.printf(
        "one large multiplication: %.2f TFLOP/s in float32, %.2f in float16%n%n", float32, float16);
    gpu.fidelity(given);
    gpu.speed(given, float32, float16);
    gpu.split(given);
    gpu.soak(given);
    gpu.exhaustion(given);
  }

  /** The card's name from nvidia-smi. */
  private static String card() throws Exception {
    return smi("name,memory.total,memory.used");
  }

  private static String smi(String fields) throws Exception {
    try {
      Process process =
          new ProcessBuilder("nvidia-smi", "--query-gpu=" + fields, "--format=csv,noheader").start();
      String line = new String(process.getInputStream().readAllBytes()).strip();
      return process.waitFor() == 0 ? "(" + line + ")" : "";
    } catch (IOException e) {
      return "";
    }
  }

  private OnnxModel load(Path graph, Feed feed) {
    return OnnxModel.load(graph, Runtime.getRuntime().availableProcessors(), devices, feed);
  }

  private static RgbImage noise(int number, int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    Random random = new Random(number);
    int red = random.nextInt(256);
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i % 3 == 0 ? red : (i / 3 / (8 + number)) * 37 + random.nextInt(32));
    }
    return new RgbImage(width, height, rgb);
  }

  private static PixelBuffer filled(OnnxModel model, int images) {
    PixelBuffer pixels = model.buffer(images);
    RgbImage[] some = new RgbImage[Math.min(images, IMAGES)];
    for (int i = 0; i < images; i++) {
      if (i < IMAGES) {
        some[i] = noise(i, 300, 300);
      }
      pixels.write(some[i % IMAGES], i);
    }
    return pixels;
  }

  private static List<float[]> embeddings(OnnxModel model) throws Exception {
    PixelBuffer pixels = filled(model, IMAGES);
    int batch = Math.min(8, model.maxBatchSize());
    List<float[]> embeddings = new ArrayList<>();
    for (int first = 0; first < IMAGES; first += batch) {
      for (Inference inference : model.infer(pixels, first, batch)) {
        embeddings.add(inference.embedding());
      }
    }
    return embeddings;
  }

  private void fidelity(List<Given> given) throws Exception {
    System.out.println("| embeddings | fed | cosine to the CPU's float32, mean | min |");
    System.out.println("|---|---|---|---|");
    for (Given each : given) {
      List<float[]> reference;
      try (OnnxModel cpu = OnnxModel.load(each.folder(), 2)) {
        reference = embeddings(cpu);
      }
      for (Path graph : each.graphs()) {
        for (Feed feed : Feed.values()) {
          try (OnnxModel model = load(graph, feed)) {
            List<float[]> found = embeddings(model);
            double sum = 0;
            double least = 1;
            for (int i = 0; i < IMAGES; i++) {
              double cosine = cosine(found.get(i), reference.get(i));
              sum += cosine;
              least = Math.min(least, cosine);
            }
            System.out.printf(
                "| %s | %s | %.6f | %.6f |%n", Given.name(graph), feed, sum / IMAGES, least);
          }
        }
      }
    }
    System.out.println();
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

  /** Median seconds of a run. */
  private static double seconds(OnnxModel model, PixelBuffer pixels, int batch) throws Exception {
    double[] took = new double[9];
    for (int run = -2; run < took.length; run++) {
      long start = System.nanoTime();
      model.infer(pixels, 0, batch);
      if (run >= 0) {
        took[run] = (System.nanoTime() - start) / 1e9;
      }
    }
    Arrays.sort(took);
    return took[took.length / 2];
  }

  private void speed(List<Given> given, double float32, double float16) throws Exception {
    System.out.println("| images a second | fed | by batch size | of one large multiplication |");
    System.out.println("|---|---|---|---|");
    for (Given each : given) {
      for (Path graph : each.graphs()) {
        for (Feed feed : Feed.values()) {
          try (OnnxModel model = load(graph, feed)) {
            List<String> speeds = new ArrayList<>();
            double most = 0;
            for (int batch = 1; batch <= Math.min(largest, model.maxBatchSize()); batch *= 2) {
              double speed = batch / seconds(model, filled(model, batch), batch);
              most = Math.max(most, speed);
              speeds.add("%d: %.0f".formatted(batch, speed));
            }
            double peak = model.inputType().equals("float16") ? float16 : float32;
            System.out.printf(
                "| %s | %s | %s | %.2f |%n",
                Given.name(graph), feed, String.join(", ", speeds),
                most * each.gigaFlop() / 1000 / peak);
          }
        }
      }
    }
    System.out.println();
  }

  /** TFLOP/s of products of two square matrices that stay on the device. */
  private double multiplication(int type) throws Exception {
    int side = devices.cuda() ? SIDE : SIDE_ON_CPU;
    double nine = fastest(products(9, side, type));
    double one = fastest(products(1, side, type));
    return 8 * 2.0 * side * side * side / (nine - one) / 1e12;
  }

  private static byte[] products(int count, int side, int type) {
    OnnxGraph graph = new OnnxGraph("multiplication");
    graph.input("x", 1);
    String shape = graph.constant("shape", OnnxGraph.INT64, longs(side, side), 2);
    String square = graph.node("Expand", "square", List.of("x", shape));
    String left = graph.node("Cast", "left", List.of(square), OnnxGraph.integer("to", type));
    String product = left;
    for (int i = 0; i < count; i++) {
      product = graph.node("MatMul", "product" + i, List.of(left, product));
    }
    graph.node("ReduceMax", "most", List.of(product), OnnxGraph.integer("keepdims", 0));
    graph.node("Cast", "y", List.of("most"), OnnxGraph.integer("to", OnnxGraph.FLOAT));
    graph.output("y");
    return graph.toByteArray();
  }

  private double fastest(byte[] graph) throws OrtException {
    double least = Double.MAX_VALUE;
    try (OrtSession.SessionOptions options = OnnxEnvironment.options()) {
      options.setIntraOpNumThreads(Runtime.getRuntime().availableProcessors());
      devices.addTo(options);
      ByteBuffer zero = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
      try (OrtSession session = OnnxEnvironment.get().createSession(graph, options);
          OnnxTensor x =
              OnnxTensor.createTensor(
                  OnnxEnvironment.get(), zero.asFloatBuffer(), new long[] {1})) {
        for (int run = 0; run < 6; run++) {
          long start = System.nanoTime();
          session.run(Map.of("x", x)).close();
          least = Math.min(least, (System.nanoTime() - start) / 1e9);
        }
      }
    }
    return least;
  }

  private static byte[] longs(long... values) {
    ByteBuffer raw = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asLongBuffer().put(values);
    return raw.array();
  }

  /** The time spent on an image, in batches of 16. */
  private void split(List<Given> given) throws Exception {
    System.out.println(
        "| ms an image, of one core and of the device in batches of 16 | decode | preprocess to"
            + " tensors | to pixels | run with tensors | with pixels |");
    System.out.println("|---|---|---|---|---|---|");
    for (Given each : given) {
      for (Path graph : each.graphs()) {
        double[] prepare = new double[2];
        double[] run = new double[2];
        for (Feed feed : Feed.values()) {
          try (OnnxModel model = load(graph, feed)) {
            int batch = Math.min(16, model.maxBatchSize());
            PixelBuffer pixels = filled(model, batch);
            RgbImage image = noise(1, 512, 683);
            prepare[feed.ordinal()] = millis(() -> pixels.write(image, 0));
            run[feed.ordinal()] = seconds(model, pixels, batch) * 1e3 / batch;
          }
        }
        System.out.printf(
            "| %s | %s | %.2f | %.2f | %.3f | %.3f |%n",
            Given.name(graph), decodeMillis(), prepare[0], prepare[1], run[0], run[1]);
      }
    }
    System.out.println();
  }

  private static double millis(Runnable work) {
    long start = 0;
    for (int run = -100; run < 200; run++) {
      if (run == 0) {
        start = System.nanoTime();
      }
      work.run();
    }
    return (System.nanoTime() - start) / 200e6;
  }

  private static String decodeMillis() throws IOException {
    RgbImage image = noise(2, 512, 683);
    BufferedImage drawn = new BufferedImage(512, 683, BufferedImage.TYPE_3BYTE_BGR);
    drawn.getRaster().setDataElements(0, 0, 512, 683, image.rgb());
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    ImageIO.write(drawn, "jpg", jpeg);
    try {
      return "%.2f"
          .formatted(
              millis(
                  () -> {
                    if (!(CanonicalDecoder.decode(jpeg.toByteArray())
                        instanceof DecodeResult.Decoded)) {
                      throw new IllegalStateException("our own picture is refused");
                    }
                  }));
    } catch (LinkageError e) {
      return "no OpenCV here";
    }
  }

  private void soak(List<Given> given) throws Exception {
    System.out.println("| soak | images | resident MiB after a tenth | at the end | device |");
    System.out.println("|---|---|---|---|---|");
    for (Given each : given) {
      Path graph = each.graphs().getLast();
      try (OnnxModel model = load(graph, Feed.PIXELS)) {
        int most = Math.min(16, model.maxBatchSize());
        PixelBuffer pixels = filled(model, most);
        long start = System.nanoTime();
        long images = 0;
        long early = 0;
        String device = "";
        for (int run = 0; System.nanoTime() - start < seconds * 1_000_000_000L; run++) {
          // All batch sizes that the service uses, in turn.
          int batch = Math.min(most, 1 << run % 5);
          model.infer(pixels, 0, batch);
          images += batch;
          if (early == 0 && System.nanoTime() - start > seconds * 100_000_000L) {
            early = residentMebibytes();
            device = smi("memory.used");
          }
        }
        System.out.printf(
            "| %s | %d | %d | %d | %s %s |%n",
            Given.name(graph), images, early, residentMebibytes(), device, smi("memory.used"));
      }
    }
    System.out.println();
  }

  private static long residentMebibytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
        .sum();
  }

  /** Grows the batch within a small share of the device's memory until it fails, then continues with one image. */
  private void exhaustion(List<Given> given) throws Exception {
    if (!devices.cuda()) {
      System.out.println("memory of the device: only with CUDA");
      return;
    }
    System.out.println("| memory of the device | limit MiB | first batch that fails | how | then one image |");
    System.out.println("|---|---|---|---|---|");
    for (Given each : given) {
      long limit = (2 * Files.size(each.folder().resolve("model.onnx"))) + (256L << 20);
      Devices little = Devices.probe(DevicePolicy.REQUIRE, 0, limit);
      try (OnnxModel model = OnnxModel.load(each.folder(), 2, little, Feed.PIXELS)) {
        int batch = 1;
        String how = "none up to 4096";
        while (batch <= 4096) {
          try {
            model.infer(filled(model, batch), 0, batch);
          } catch (ModelFailedException e) {
            how = String.valueOf(e.getMessage());
            break;
          }
          batch *= 2;
        }
        String then;
        try {
          then = "%.1f ms".formatted(seconds(model, filled(model, 1), 1) * 1e3);
        } catch (ModelFailedException e) {
          then = "fails: " + e.getMessage();
        }
        System.out.printf(
            "| %s | %d | %d | %.160s | %s |%n",
            Given.name(each.folder()), limit >> 20, batch, how.replace('\n', ' '), then);
      }
    }
  }
}
