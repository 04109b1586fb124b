package dev.lookalike.embed.model.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lookalike.embed.model.graph.GraphCut;
import dev.lookalike.embed.model.graph.GraphFile;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Folders as optimum writes them (src/test/oracle/exports.py) against what PyTorch makes of the
 * same pixel values.
 */
class ExportsTest {
  private static final int SIDE = 32;

  @TempDir static Path exports;

  @BeforeAll
  static void unpack() throws IOException {
    unpackTo(exports);
  }

  static void unpackTo(Path target) throws IOException {
    try (InputStream file = Files.newInputStream(Path.of("src/test/resources/exports.zip"));
        ZipInputStream zip = new ZipInputStream(file)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path path = target.resolve(entry.getName());
        Files.createDirectories(path.getParent());
        Files.copy(zip, path);
      }
    }
  }

  private static double hashed(long index) {
    return (double) ((index * 2654435761L % (1L << 32)) >> 8) / (1 << 24) * 2 - 1;
  }

  /** The formula of exports.py. */
  static void pixels(int image, FloatBuffer target, int offset) {
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
          int at = (c * SIDE + y) * SIDE + x;
          double block = hashed(((image * 3L + c) * 4 + y / 8) * 4 + x / 8 + 12345);
          double noise = hashed(at + image * 1_000_003L);
          target.put(offset + at, (float) (0.75 * block + 0.25 * noise));
        }
      }
    }
  }

  static double cosine(float[] a, float[] b) {
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

  private static float[] floats(JsonNode numbers) {
    float[] floats = new float[numbers.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) numbers.get(i).asDouble();
    }
    return floats;
  }

  @ParameterizedTest
  @CsvSource({
    "vit-features, last_hidden_state, cls",
    "vit-external, last_hidden_state, cls",
    "vit-classes, *, flatten",
    "dinov2-features, last_hidden_state, cls",
    "dinov2-classes, *, flatten",
    "clip-vision, pooler_output, flatten",
    "scaled-inside, pooler_output, flatten",
    "clip-whole, image_embeds, flatten",
    "resnet-features, last_hidden_state, mean",
    "resnet-classes, *, flatten",
    "mobilenetv2-features, last_hidden_state, mean",
    "mobilenetv2-classes, *, flatten",
  })
  void anExportServesAsItIs(String name, String output, String pooling) throws Exception {
    JsonNode goldens =
        new ObjectMapper().readTree(exports.resolve(name + "/goldens.json").toFile());
    for (JsonNode golden : goldens.path("cases")) {
      String file = golden.path("graph").asText();
      boolean plain = file.endsWith("model.onnx");
      Path given = plain ? exports.resolve(name) : exports.resolve(name).resolve(file);
      try (OnnxModel model = OnnxModel.load(given, 1)) {
        if (!output.equals("*")) {
          assertThat(model.embeddingOutput()).isEqualTo(output);
        }
        assertThat(model.pooling()).isEqualTo(pooling);
        assertThat(model.inputType()).isEqualTo(golden.path("input_type").asText("float32"));
        assertThat(model.maxBatchSize())
            .as(file)
            .isEqualTo(golden.path("batch").asInt(Integer.MAX_VALUE));
        PixelBuffer memory = model.buffer(1);
        FloatBuffer pixels = memory.floats();
        float[][] wanted = new float[golden.path("vectors").size()][];
        for (int image = 0; image < wanted.length; image++) {
          wanted[image] = floats(golden.path("vectors").get(image));
        }
        for (int image = 0; image < wanted.length; image++) {
          pixels(image, pixels, 0);
          if (model.inputType().equals("uint8")) {
            for (int i = 0; i < pixels.capacity(); i++) {
              pixels.put(i, Math.round((pixels.get(i) + 1) * 127.5f));
            }
          }
          OnnxModel.Inference inference = model.infer(memory, 0, 1).getFirst();
          assertThat(inference.embedding()).hasSize(wanted[image].length);
          double own = cosine(inference.embedding(), wanted[image]);
          assertThat(own)
              .as("%s %s image %d", name, file, image)
              .isGreaterThan(model.inputType().equals("float16") ? 0.9995 : 0.9999);
          for (int other = 0; other < wanted.length; other++) {
            if (other != image) {
              assertThat(cosine(inference.embedding(), wanted[other]))
                  .as("the images of %s are told apart", name)
                  .isLessThan(own - 0.001);
            }
          }
          if (golden.has("labels") && !golden.path("labels").isEmpty()) {
            assertThat(inference.classes()).hasSize(5);
            assertThat(inference.classes().getFirst().name())
                .isEqualTo(golden.path("labels").get(image).asText());
          } else {
            assertThat(inference.classes()).isEmpty();
          }
        }
      }
    }
  }

  @Test
  void theTextSideOfAClipIsCutOff() throws IOException {
    byte[] file = Files.readAllBytes(exports.resolve("clip-whole/model.onnx"));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(file.length);
      bytes.copyFrom(MemorySegment.ofArray(file));
      GraphFile graph = GraphFile.read(bytes);
      assertThat(graph.inputs())
          .containsExactlyInAnyOrder("pixel_values", "input_ids", "attention_mask");
      GraphCut cut = GraphCut.of(graph, List.of("image_embeds"));
      assertThat(cut.inputs()).containsExactly("pixel_values");
      GraphFile image = GraphFile.read(cut.bytes(arena));
      assertThat(image.inputs()).containsExactly("pixel_values");
      assertThat(image.outputs()).containsExactly("image_embeds");
      assertThat(image.producers()).hasSizeLessThan(graph.producers().size() * 2 / 3);
      assertThat(image.bytes().byteSize()).isLessThan(bytes.byteSize() * 4 / 5);
    }
  }

  /** What is said of a batch holds for every kind of numbers. */
  @ParameterizedTest
  @CsvSource({
    "vit-features, model.onnx",
    "vit-features, model_fp16.onnx",
    "vit-features, model_int8.onnx",
    "vit-features, model_quantized.onnx",
    "resnet-features, model.onnx",
    "resnet-features, model_fp16.onnx",
    "resnet-features, model_int8.onnx",
    "resnet-features, model_quantized.onnx",
    "clip-whole, model.onnx",
    "mobilenetv2-classes, model.onnx",
  })
  void aBatchOfNEqualsNSingles(String name, String file) throws Exception {
    try (OnnxModel model = OnnxModel.load(exports.resolve(name).resolve(file), 1)) {
      int n = Math.min(5, model.maxBatchSize());
      assertThat(n).isEqualTo(file.equals("model_quantized.onnx") ? 1 : 5);
      PixelBuffer together = model.buffer(n);
      for (int image = 0; image < n; image++) {
        pixels(image, together.floats(), image * model.preprocessor().floats());
      }
      List<OnnxModel.Inference> batch = model.infer(together, 0, n);
      PixelBuffer one = model.buffer(1);
      for (int image = 0; image < n; image++) {
        pixels(image, one.floats(), 0);
        assertThat(
                cosine(model.infer(one, 0, 1).getFirst().embedding(), batch.get(image).embedding()))
            .as("%s %s image %d", name, file, image)
            .isGreaterThan(0.999999);
      }
    }
  }
}
