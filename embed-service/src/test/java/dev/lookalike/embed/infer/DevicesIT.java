package dev.lookalike.embed.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lookalike.embed.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The packaged service on a host without a CUDA device: {@code require} ends with the loader's
 * reason, {@code prefer} runs on the CPU and says so everywhere. Once with the natives of the
 * build, which have no CUDA (those of -Pcuda12 have), and once with natives that have it
 * (scripts/cuda-natives), where the system property {@code cuda.natives} or the variable {@code
 * LOOKALIKE_CUDA_NATIVES} names their folder.
 */
class DevicesIT {
  /** Nobody listens there: the models are told of without a broker. */
  private static final String NO_BROKER = "127.0.0.1:9";

  @TempDir Path folder;

  enum Natives {
    OF_THE_BUILD,
    CUDA_WITHOUT_DRIVER;

    List<String> settings() {
      if (this == OF_THE_BUILD) {
        return List.of();
      }
      String named =
          System.getProperty(
              "cuda.natives", System.getenv().getOrDefault("LOOKALIKE_CUDA_NATIVES", ""));
      Assumptions.assumeFalse(
          named.isEmpty(),
          "no CUDA natives: make them with scripts/cuda-natives DIR, and set LOOKALIKE_CUDA_NATIVES");
      assertThat(Path.of(named, "libonnxruntime_providers_cuda.so")).exists();
      return List.of("onnxruntime.native.path=" + named);
    }

    /** What the loader says of what is missing. */
    String reason() {
      return this == OF_THE_BUILD ? "CUDA" : "libonnxruntime_providers_cuda.so";
    }
  }

  private ServiceProcess start(Natives natives, String policy, String... more) throws IOException {
    Assumptions.assumeFalse(Files.exists(Path.of("/dev/nvidia0")), "this host has a CUDA device");
    List<String> settings = new ArrayList<>(natives.settings());
    settings.add("lookalike.device=" + policy);
    Stream.of(more).forEach(settings::add);
    return ServiceProcess.start(NO_BROKER, folder.resolve("log"), settings.toArray(String[]::new));
  }

  private String log() throws IOException {
    return Files.readString(folder.resolve("log"));
  }

  @ParameterizedTest
  @EnumSource
  void requireEndsWithTheLoadersReason(Natives natives) throws Exception {
    try (ServiceProcess service = start(natives, "require")) {
      assertThat(service.exit(Duration.ofSeconds(60))).as("its exit status").hasValue(1);
    }
    assertThat(log())
        .contains("lookalike.device=require, and CUDA does not run: ")
        .contains(natives.reason());
  }

  @ParameterizedTest
  @EnumSource
  void preferRunsOnTheCpuAndSaysSo(Natives natives) throws Exception {
    try (ServiceProcess service = start(natives, "prefer", "lookalike.cuda.memory-limit=2G")) {
      await()
          .atMost(Duration.ofSeconds(60))
          .ignoreExceptions()
          .until(() -> service.get("/v1/models").body().contains("\"lookalike-256\""));
      assertThat(service.get("/v1/models").body())
          .contains("\"device\":\"cpu\"", "\"device_policy\":\"prefer\"")
          .containsIgnoringCase(natives.reason());
      assertThat(service.mapped("libonnxruntime.so"))
          .as("unpacked once for all starts, not for this one")
          .isNotEmpty()
          .noneMatch(file -> file.contains("/onnxruntime-java"));
      assertThat(service.get("/q/health/ready").body())
          .contains("cpu, and not CUDA: ", natives.reason());
      assertThat(service.get("/q/metrics").body())
          .contains("lookalike_embed_device_fallback 1.0", "lookalike_embed_models_cuda 0.0");
    }
    assertThat(log())
        .contains("lookalike.device=prefer, and CUDA does not run: models run on the CPU: ")
        .contains(natives.reason());
  }
}
