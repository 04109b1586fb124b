package dev.lookalike.embed.model.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lookalike.embed.model.Goldens;
import dev.lookalike.embed.preprocess.Preprocessor;
import dev.lookalike.imaging.RgbImage;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Tensors against those of transformers and timm (processor_goldens.py), to the last bit. */
class ProcessorGoldensTest {
  private static final Path GOLDENS = Path.of("src/test/resources/processors");

  /** Shown values are rounded to six decimals, and those of 8-bit pixels have three digits more. */
  private static final float SHOWN = 2e-4f;

  /**
   * One and a half of 255 levels by the smallest standard deviation of those goldens: DINOv3
   * resizes floats, where we round to 8 bits after each of two passes.
   */
  private static final float ROUNDED = 1.5f / 255 / 0.224f;

  private static final Map<String, RgbImage> IMAGES = new ConcurrentHashMap<>();

  private static JsonNode goldens(String name) throws Exception {
    File file = GOLDENS.resolve(name).toFile();
    return new ObjectMapper().readTree(file).path("cases");
  }

  @TestFactory
  Stream<DynamicTest> transformers4() throws Exception {
    return tests("transformers-4.json");
  }

  @TestFactory
  Stream<DynamicTest> transformers5() throws Exception {
    return tests("transformers-5.json");
  }

  @TestFactory
  Stream<DynamicTest> torch() throws Exception {
    return tests("torch.json");
  }

  private static Stream<DynamicTest> tests(String name) throws Exception {
    return goldens(name)
        .valueStream()
        .map(golden -> DynamicTest.dynamicTest(golden.path("name").asText(), () -> check(golden)));
  }

  private static void check(JsonNode golden) throws Exception {
    Preprocessor preprocessor = new Preprocessor(ProcessorConfigFile.read(golden.path("config")));
    assertThat(golden.path("images").size()).isGreaterThan(3);
    for (JsonNode expected : golden.path("images")) {
      int width = expected.path("width").asInt();
      int height = expected.path("height").asInt();
      String which = golden.path("name").asText() + ", " + width + " x " + height;
      RgbImage image =
          IMAGES.computeIfAbsent(width + " x " + height, key -> Goldens.image(width, height));
      assertThat(List.of(3, preprocessor.output().height(), preprocessor.output().width()))
          .as(which)
          .isEqualTo(expected.path("shape").valueStream().map(JsonNode::asInt).toList());
      ByteBuffer bytes =
          ByteBuffer.allocate(preprocessor.floats() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      FloatBuffer floats = bytes.asFloatBuffer();
      preprocessor.apply(image, floats, 0);

      boolean exact = golden.path("exact").asBoolean();
      JsonNode values = expected.path("values");
      double sum = 0;
      for (int i = 0; i < values.size(); i++) {
        int at = (int) ((long) i * (preprocessor.floats() - 1) / (values.size() - 1));
        float value = (float) values.get(i).asDouble();
        assertThat(floats.get(at))
            .as("%s, at %d", which, at)
            .isCloseTo(value, within(exact ? SHOWN : ROUNDED));
        sum += Math.abs(floats.get(at) - value);
      }
      if (exact) {
        assertThat(sha256(bytes)).as(which).startsWith(expected.path("sha256").asText());
      } else {
        assertThat(sum / values.size()).as(which).isLessThan(ROUNDED / 4);
      }
    }
  }

  private static String sha256(ByteBuffer bytes) {
    return HexFormat.of().formatHex(ModelFolder.sha256().digest(bytes.array()));
  }

  @Test
  void coversEveryFamily() throws Exception {
    String all = goldens("transformers-4.json").toString() + goldens("transformers-5.json");
    for (String name :
        List.of(
            "Beit",
            "Bit",
            "Blip",
            "ChineseCLIP",
            "CLIP",
            "ConvNext",
            "DeiT",
            "EfficientNet",
            "Levit",
            "MobileNetV1",
            "MobileNetV2",
            "MobileViT",
            "PoolFormer",
            "Pvt",
            "Segformer",
            "Siglip",
            "ViT")) {
      assertThat(all).contains("\"" + name + "ImageProcessor\"");
    }
  }
}
