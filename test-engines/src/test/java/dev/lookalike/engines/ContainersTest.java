package dev.lookalike.engines;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ContainersTest {
  @Test
  void imagesAreNamedAsScriptsImagesNamesThem() {
    assertThat(Containers.local("kafka", Map.of())).matches("lookalike/kafka:\\d+\\.\\d+\\.\\d+.*");
    assertThat(
            Containers.local(
                "milvus",
                Map.of("LOOKALIKE_IMAGE_PREFIX", "host/path", "LOOKALIKE_IMAGE_TAG", "7")))
        .isEqualTo("host/path/milvus:7");
  }

  @Test
  void onlyAnEngineOfThisMachinePublishesItsPortsHere() {
    assertThat(List.of("", "unix:///var/run/docker.sock", "tcp://127.0.0.1:2375"))
        .allMatch(Docker::isHere);
    assertThat(List.of("tcp://docker:2375", "ssh://me@host", "tcp://127.example.org:2375"))
        .noneMatch(Docker::isHere);
  }
}
