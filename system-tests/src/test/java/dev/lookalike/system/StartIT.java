package dev.lookalike.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lookalike.system.RunningSystem.Part;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** With which JVM options {@code up} runs its processes, by what they come to. */
class StartIT {
  private static RunningSystem system;

  @BeforeAll
  static void start() {
    system = RunningSystem.get();
  }

  @Test
  void vectorsAreComparedWithSimd() throws Exception {
    assumeThat(System.getProperty("milvus.uri")).as("Lucene compares").isNull();
    assertThat(query("/q/health/ready")).contains("\"compared\": \"with SIMD\"");
    assertThat(query("/q/metrics")).contains("lookalike_query_simd 1.0");
  }

  /** The module is there on purpose; a warning would tell the user of nothing to be done. */
  @Test
  void theLogHasNoWarningOfTheModule() throws Exception {
    assertThat(Files.readString(system.home.resolve("logs/query.log")))
        .doesNotContain("incubator m");
  }

  /** A JVM says nothing when it leaves its cache aside, but then no file of it is mapped. */
  @ParameterizedTest
  @EnumSource(Part.class)
  void theCacheForAQuickStartIsUsed(Part part) throws Exception {
    Path maps = Path.of("/proc/" + system.process(part).pid() + "/maps");
    assumeThat(maps).exists();
    assertThat(Files.readString(maps)).contains("/" + part.word() + ".aot");
  }

  private static String query(String path) throws Exception {
    URI address = URI.create("http://127.0.0.1:" + (system.portBase + 3) + path);
    try (InputStream body = address.toURL().openStream()) {
      return new String(body.readAllBytes(), UTF_8);
    }
  }
}
