package dev.lookalike.embed.model.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.embed.model.DevicePolicy;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What is said of CUDA where it cannot be loaded: this build of ONNX Runtime has none. */
class DevicesTest {
  @Test
  void offAsksForNothing() {
    Devices devices = Devices.probe(DevicePolicy.OFF, 0, 0);
    assertThat(devices.trouble()).isEmpty();
    assertThat(devices.name()).isEqualTo("cpu");
  }

  @Test
  void theReasonIsTheLoaders() {
    for (DevicePolicy policy : new DevicePolicy[] {DevicePolicy.PREFER, DevicePolicy.REQUIRE}) {
      Devices devices = Devices.probe(policy, 0, 1L << 30);
      assertThat(devices.trouble().orElseThrow()).containsIgnoringCase("CUDA");
      assertThat(devices.name()).isEqualTo("cpu");
    }
  }

  @Test
  void aModelThatFellBackSaysSo() {
    Devices devices = Devices.probe(DevicePolicy.PREFER, 0, 0);
    try (OnnxModel model = OnnxModel.load(Path.of("src/test/resources/goldens/clip"), 1, devices)) {
      assertThat(model.device()).isEqualTo("cpu");
      assertThat(model.deviceTrouble()).isEqualTo(devices.trouble());
    }
  }
}
