package dev.lookalike.embed.model.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lookalike.embed.model.folder.ProcessorConfigFile;
import dev.lookalike.embed.model.graph.GraphCut;
import dev.lookalike.embed.model.graph.GraphFile;
import dev.lookalike.embed.model.graph.OnnxGraph;
import dev.lookalike.embed.model.graph.PixelPrefix;
import dev.lookalike.embed.model.runtime.OnnxModel.Feed;
import dev.lookalike.embed.preprocess.Preprocessor;
import dev.lookalike.imaging.RgbImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A graph that is fed 8-bit pixels makes of them, to the last bit, the tensor of the preprocessor.
 */
class PixelPrefixTest {
  @TempDir Path work;

  private static RgbImage noise(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    new Random(width * 31L + height).nextBytes(rgb);
    return new RgbImage(width, height, rgb);
  }

  /** Wide, tall, smaller than every crop. */
  private static final List<RgbImage> IMAGES = List.of(noise(70, 45), noise(40, 90), noise(9, 7));

  private static List<float[]> embeddings(Path graph, Feed feed) throws Exception {
    try (OnnxModel model = OnnxModel.load(graph, 1, Devices.cpu(), feed)) {
      assertThat(model.fedPixels()).as("%s", graph).isEqualTo(feed == Feed.PIXELS);
      int batch = Math.min(IMAGES.size(), model.maxBatchSize());
      PixelBuffer pixels = model.buffer(batch);
      List<float[]> embeddings = new ArrayList<>();
      for (int first = 0; first < IMAGES.size(); first += batch) {
        for (int i = 0; i < batch; i++) {
          pixels.write(IMAGES.get(first + i), i);
        }
        model.infer(pixels, 0, batch).forEach(inferred -> embeddings.add(inferred.embedding()));
      }
      return embeddings;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "vit-features, model.onnx",
    "vit-features, model_fp16.onnx",
    "vit-features, model_int8.onnx",
    "vit-features, model_quantized.onnx",
    "vit-external, onnx/model.onnx",
    "clip-whole, model.onnx",
    "resnet-features, model.onnx",
    "resnet-features, model_fp16.onnx",
    "mobilenetv2-classes, model.onnx",
    "dinov2-features, model.onnx",
  })
  void embeddingsAreTheSame(String name, String file) throws Exception {
    ExportsTest.unpackTo(work);
    Path graph = work.resolve(name).resolve(file);
    List<float[]> tensors = embeddings(graph, Feed.TENSORS);
    List<float[]> pixels = embeddings(graph, Feed.PIXELS);
    assertThat(pixels).hasSize(IMAGES.size());
    for (int i = 0; i < IMAGES.size(); i++) {
      // The kernels behind may be others, in another order of sums: a bit or two of the last place.
      assertThat(pixels.get(i))
          .as("%s %s image %d", name, file, i)
          .usingComparatorWithPrecision(1e-5f)
          .containsExactly(tensors.get(i));
    }
  }

  /** Every configuration of the goldens, of all families. */
  @Timeout(300)
  @ParameterizedTest
  @ValueSource(strings = {"transformers-4.json", "transformers-5.json", "torch.json"})
  void theGraphMakesTheTensorOfEveryProcessor(String goldens) throws Exception {
    JsonNode all =
        new ObjectMapper()
            .readTree(Path.of("src/test/resources/processors", goldens).toFile())
            .path("cases");
    for (JsonNode golden : all) {
      Preprocessor preprocessor = new Preprocessor(ProcessorConfigFile.read(golden.path("config")));
      String which = goldens + " " + golden.path("name").asText();
      if (preprocessor.pixels().isEmpty()) {
        assertThat(golden.path("config").has("pad_size")).as(which).isTrue();
        continue;
      }
      compare(which, preprocessor, OnnxGraph.FLOAT);
      compare(which, preprocessor, OnnxGraph.FLOAT16);
    }
  }

  private static void compare(String which, Preprocessor preprocessor, int type) throws Exception {
    int count = preprocessor.floats();
    float[] expected = new float[count];
    PixelBuffer pixels = new PixelBuffer(preprocessor, true, IMAGES.size());
    try (OrtSession session = session(preprocessor, type)) {
      for (int i = 0; i < IMAGES.size(); i++) {
        pixels.write(IMAGES.get(i), i);
      }
      long[] shape = {
        IMAGES.size(), preprocessor.output().height(), preprocessor.output().width(), 3
      };
      try (OnnxTensor input =
              OnnxTensor.createTensor(
                  OnnxEnvironment.get(),
                  pixels.slots(0, IMAGES.size()),
                  shape,
                  OnnxJavaType.UINT8);
          OrtSession.Result result = session.run(Map.of(PixelPrefix.INPUT, input))) {
        FloatBuffer found = ((OnnxTensor) result.get(0)).getFloatBuffer();
        for (int i = 0; i < IMAGES.size(); i++) {
          preprocessor.apply(IMAGES.get(i), FloatBuffer.wrap(expected), 0);
          for (int at = 0; at < count; at++) {
            float value = expected[at];
            float wanted =
                type == OnnxGraph.FLOAT ? value : Float.float16ToFloat(Float.floatToFloat16(value));
            if (found.get(i * count + at) != wanted) {
              assertThat(found.get(i * count + at))
                  .as("%s, type %d, image %d, at %d", which, type, i, at)
                  .isEqualTo(wanted);
            }
          }
        }
      }
    }
  }

  /** A graph that gives its input, as float32. */
  private static OrtSession session(Preprocessor preprocessor, int type) throws Exception {
    OnnxGraph graph = new OnnxGraph("given");
    long height = preprocessor.output().height();
    long width = preprocessor.output().width();
    graph.input(type, "x", -1, 3, height, width);
    graph.node("Cast", "y", List.of("x"), OnnxGraph.integer("to", OnnxGraph.FLOAT));
    graph.output("y", -1, 3, height, width);
    try (Arena arena = Arena.ofConfined()) {
      byte[] file = graph.toByteArray();
      MemorySegment bytes = arena.allocate(file.length);
      bytes.copyFrom(MemorySegment.ofArray(file));
      GraphFile read = GraphFile.read(bytes);
      PixelPrefix prefix = PixelPrefix.of(read, "x", preprocessor).orElseThrow();
      return OnnxEnvironment.get()
          .createSession(
              GraphCut.of(read, List.of("y")).behind(prefix).bytes(arena).asByteBuffer());
    }
  }
}
