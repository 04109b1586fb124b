package dev.lookalike.embed.model.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lookalike.embed.model.Goldens;
import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.preprocess.Preprocessor;
import dev.lookalike.embed.preprocess.ProcessorSettings;
import dev.lookalike.embed.preprocess.ProcessorSettings.Extent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused, ignored, and found where; what is accepted is in ProcessorGoldensTest. */
class ProcessorConfigFileTest {
  private static ProcessorSettings read(String json) {
    try {
      return ProcessorConfigFile.read(new ObjectMapper().readTree(json.replace('\'', '"')));
    } catch (IOException e) {
      throw new IllegalArgumentException(json, e);
    }
  }

  private static ProcessorSettings of(String type, String fields) {
    return read("{'image_processor_type': '" + type + "'" + fields + "}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "FooImageProcessor",
        "ViTImage",
        "Siglip2ImageProcessor",
        "DPTImageProcessor",
        "Qwen2VLImageProcessorFast",
        "clipimageprocessor",
        "BitImageProcessorSlow"
      })
  void anUnknownProcessorIsRefusedByItsName(String type) {
    assertThatThrownBy(() -> of(type, ""))
        .isInstanceOf(ModelRefusedException.class)
        .hasMessageStartingWith("image_processor_type: expected one of BeitImageProcessor, ")
        .hasMessageEndingWith("found " + type);
  }

  @Test
  void aFileWithoutANameIsRefused() {
    assertThatThrownBy(() -> read("{'size': 224}"))
        .isInstanceOf(ModelRefusedException.class)
        .hasMessageContaining("image_processor_type");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "CLIPImageProcessor | 'resample': 6 | resample",
        "CLIPImageProcessor | 'resample': 'bicubic' | resample",
        "CLIPImageProcessor | 'size': '224' | size",
        "CLIPImageProcessor | 'size': 0 | size",
        "CLIPImageProcessor | 'size': 224.5 | size",
        "CLIPImageProcessor | 'size': 5000 | size",
        "CLIPImageProcessor | 'size': [1, 2, 3] | size",
        "CLIPImageProcessor | 'size': {} | size",
        "CLIPImageProcessor | 'size': {'height': 224} | size",
        "CLIPImageProcessor | 'size': {'longest_edge': 224} | size",
        "CLIPImageProcessor | 'size': {'shortest_edge': 224, 'height': 224} | size",
        "CLIPImageProcessor | 'crop_size': {'shortest_edge': 224} | crop_size",
        "CLIPImageProcessor | 'crop_size': {'height': 0, 'width': 224} | crop_size.height",
        "CLIPImageProcessor | 'do_resize': 'no' | do_resize",
        "CLIPImageProcessor | 'rescale_factor': '1/255' | rescale_factor",
        "CLIPImageProcessor | 'rescale_factor': 0 | factor 0.0",
        "CLIPImageProcessor | 'rescale_factor': 1e300 | factor 1.0E300",
        "CLIPImageProcessor | 'image_mean': [0.5, 0.5] | image_mean",
        "CLIPImageProcessor | 'image_mean': 'half' | image_mean",
        "CLIPImageProcessor | 'image_std': [0.5, 0, 0.5] | std [0.5, 0.0, 0.5]",
        "CLIPImageProcessor | 'image_std': [0.5, null, 0.5] | image_std",
        "CLIPImageProcessor | 'do_flip_channel_order': true | do_flip_channel_order",
        "CLIPImageProcessor | 'rescale_offset': true | rescale_offset",
        "CLIPImageProcessor | 'data_format': 'channels_last' | data_format",
        "CLIPImageProcessor | 'do_pad': true, 'pad_size': 223 | pad_size",
        "ViTImageProcessor | 'do_center_crop': true | crop_size",
        "ViTImageProcessor | 'do_pad': true, 'size': {'shortest_edge': 32}, 'pad_size': 64 | pad_size",
        "BeitImageProcessor | 'do_pad': true | do_pad",
        "SegformerImageProcessor | 'do_center_crop': true | do_center_crop",
        "ConvNextImageProcessor | 'size': {'height': 224, 'width': 224} | size",
        "ConvNextImageProcessor | 'size': 224, 'crop_pct': 0 | crop_pct",
        "ConvNextImageProcessor | 'size': 224, 'do_center_crop': true, 'crop_size': 200 | crop_size",
        "PoolFormerImageProcessor | 'size': {'max_height': 32, 'max_width': 32} | size",
        "PoolFormerImageProcessor | 'crop_pct': 1e9 | sides of 1 to 4096",
        "DINOv3ViTImageProcessorFast | 'resample': 3 | resample",
        "TimmWrapperImageProcessor | 'size': 224 | image_processor_type"
      })
  void whatCannotBeDoneIsRefusedByItsField(String type, String fields, String field) {
    assertThatThrownBy(() -> of(type, ", " + fields))
        .isInstanceOf(ModelRefusedException.class)
        .hasMessageContaining(field);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'input_size': [1, 28, 28]",
        "'input_size': [3, 224]",
        "'input_size': [3, 224, 256]",
        "'crop_mode': 'border'",
        "'interpolation': 'random'",
        "'mean': [0.5, 0.5]",
        "'std': [0, 0, 0]",
        "'crop_pct': -1"
      })
  void theSameOfTimm(String fields) {
    assertThatThrownBy(() -> read("{'pretrained_cfg': {" + fields + "}}"))
        .isInstanceOf(ModelRefusedException.class)
        .hasMessageContaining("pretrained_cfg");
  }

  @Test
  void aSizeThatDependsOnTheImageMakesNoPreprocessor() {
    for (String fields :
        List.of(
            ", 'size': {'shortest_edge': 224}",
            ", 'do_resize': false",
            ", 'size': {'max_height': 9, 'max_width': 9}")) {
      ProcessorSettings settings = of("ViTImageProcessor", fields);
      assertThatThrownBy(() -> new Preprocessor(settings))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("depends on the image");
    }
  }

  @Test
  void whatChangesNoPixelIsIgnored() {
    ProcessorSettings plain = of("ViTImageProcessor", "");
    assertThat(
            of(
                "ViTImageProcessorFast",
                ", 'processor_class': 'X', 'do_convert_rgb': false, 'crop_pct': 0.9,"
                    + " 'crop_size': 7, 'do_center_crop': null, 'do_pad': null, 'resample': null,"
                    + " 'do_reduce_labels': true, 'data_format': 'channels_first',"
                    + " 'input_data_format': null, 'device': null, 'return_tensors': null,"
                    + " 'disable_grouping': null, 'size': {'height': 224, 'width': 224,"
                    + " 'longest_edge': null}, '_valid_processor_keys': ['images']"))
        .isEqualTo(plain);
    assertThat(of("ViTImageProcessorPil", "")).isEqualTo(plain);
    assertThat(read("{'feature_extractor_type': 'ViTFeatureExtractor'}")).isEqualTo(plain);
  }

  @Test
  void beitIsTheOneWhoseFastClassHasOtherDefaults() {
    assertThat(of("BeitImageProcessor", "").crop()).isPresent();
    assertThat(of("BeitImageProcessorFast", "").crop()).isEmpty();
    assertThat(of("CLIPImageProcessorFast", "")).isEqualTo(of("CLIPImageProcessor", ""));
  }

  @Test
  void theProcessorIsFoundInTheFilesOfOlderAndNewerVersionsAndOfTimm(@TempDir Path folder)
      throws IOException {
    Files.copy(Goldens.FOLDER.resolve("clip").resolve("model.onnx"), folder.resolve("model.onnx"));
    Files.writeString(folder.resolve("lookalike-model.json"), "{\"id\": \"tiny\"}");
    Path config = folder.resolve("config.json");
    Files.writeString(config, "{\"pretrained_cfg\": {\"input_size\": [3, 20, 20]}}");
    assertThat(output(folder)).isEqualTo(new Extent(20, 20));
    Files.writeString(
        folder.resolve("preprocessor_config.json"),
        "{\"image_processor_type\": \"ViTImageProcessor\", \"size\": 30}");
    assertThat(output(folder)).isEqualTo(new Extent(30, 30));
    Files.writeString(
        folder.resolve("processor_config.json"),
        "{\"processor_class\": \"CLIPProcessor\", \"image_processor\":"
            + " {\"image_processor_type\": \"CLIPImageProcessor\", \"crop_size\": 40}}");
    assertThat(output(folder)).isEqualTo(new Extent(40, 40));
  }

  private static Extent output(Path folder) {
    try (Arena arena = Arena.ofConfined()) {
      return ModelFolder.read(folder, arena, arena).preprocessor().output();
    }
  }
}
