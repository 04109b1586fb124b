package dev.lookalike.imaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Native code writes past System.err, so a process of its own is looked at. */
class QuietTest {
  @Test
  void saysNothingAboutDamagedFiles() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Damage.class.getName())
            .redirectErrorStream(true)
            .start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).isZero();
    assertThat(output).matches("refused [1-9][0-9]+");
  }

  /** Canonicalises damaged TIFF and WebP files. */
  static final class Damage {
    private Damage() {}

    @SuppressWarnings("SystemOut") // What the test reads.
    public static void main(String[] arguments) throws IOException {
      Random random = new Random(5);
      int refused = 0;
      for (String name : List.of("lzw.tiff", "deflate.tiff", "alpha.tiff", "lossy.webp")) {
        for (int round = 0; round < 20; round++) {
          byte[] bytes = CanonicalizerTest.resource(name);
          for (int i = 0; i < 8; i++) {
            bytes[random.nextInt(12, bytes.length)] = (byte) random.nextInt(256);
          }
          CanonicalResult result =
              Canonicalizer.canonicalize(bytes, ImageLimits.DEFAULT, Bounds.DEFAULT);
          refused += result instanceof CanonicalResult.Refused ? 1 : 0;
        }
      }
      System.out.println("refused " + refused);
    }
  }
}
