package dev.lookalike.embed.model.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lookalike.embed.model.runtime.Parity.Way;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real network on real photographs, against the vectors of transformers and ONNX Runtime in
 * Python that lie beside it. Skipped where the data is not beside the checkout.
 */
class MobileNetParityIT {
  private static final Path SHARED =
      Path.of(System.getProperty("lookalike.shared", "../../shared")).toAbsolutePath().normalize();
  private static final Path MODEL = SHARED.resolve("models/mobilenet-v2");
  private static final Path CLOTHING = SHARED.resolve("images/clothing");

  private static final int LARGE = 16;

  @Test
  void vectorsEqualTheReference() throws Exception {
    assumeTrue(
        Files.isDirectory(MODEL) && Files.isDirectory(CLOTHING),
        () -> "not run: no models/mobilenet-v2 and images/clothing in " + SHARED);
    List<Path> files =
        Files.readAllLines(MODEL.resolve("reference/clothing-test.txt")).stream()
            .map(line -> CLOTHING.resolve(line.startsWith("test/") ? line : "test/" + line))
            .toList();
    List<float[]> reference = vectors(MODEL.resolve("reference/clothing-test.npy"), files.size());
    int cores = Runtime.getRuntime().availableProcessors();
    try (OnnxModel model = OnnxModel.load(MODEL, cores)) {
      Parity direct = Parity.of("mobilenet-v2", model, Way.DIRECT, files, reference);
      Parity canonical = Parity.of("mobilenet-v2", model, Way.CANONICAL, files, reference);

      assertThat(direct.minimum()).isGreaterThanOrEqualTo(0.999);
      assertThat(direct.sameNeighbour()).isGreaterThanOrEqualTo(0.99);
      assertThat(canonical.mean()).isGreaterThanOrEqualTo(0.998);
      assertThat(canonical.minimum()).isGreaterThanOrEqualTo(0.99);
      assertThat(canonical.sameNeighbour()).isGreaterThanOrEqualTo(0.92);
    }
  }

  /**
   * Images of 4 to 12 megapixels with fine detail, against the direct way: what shrinking them for
   * the log costs.
   */
  @Test
  void largeImagesLoseLittleOnTheirWay(@TempDir Path directory) throws Exception {
    assumeTrue(
        Files.isDirectory(MODEL) && Files.isDirectory(CLOTHING),
        () -> "not run: no models/mobilenet-v2 and images/clothing in " + SHARED);
    List<Path> photographs =
        Files.readAllLines(MODEL.resolve("reference/clothing-test.txt")).stream()
            .map(line -> CLOTHING.resolve(line.startsWith("test/") ? line : "test/" + line))
            .toList();
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < LARGE; i++) {
      Path file = directory.resolve(i + ".jpg");
      LargeImages.write(file, i, photographs.get(i * 31 % photographs.size()));
      files.add(file);
    }
    try (OnnxModel model = OnnxModel.load(MODEL, Runtime.getRuntime().availableProcessors())) {
      List<float[]> reference = Parity.vectors(model, Way.DIRECT, files);
      Parity canonical = Parity.of("large images", model, Way.CANONICAL, files, reference);
      assertThat(canonical.mean()).isGreaterThanOrEqualTo(0.995);
      assertThat(canonical.minimum()).isGreaterThanOrEqualTo(0.985);
    }
  }

  /** A little-endian float32 matrix in numpy's format, version 1. */
  private static List<float[]> vectors(Path npy, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(npy)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(10 + Short.toUnsignedInt(bytes.getShort(8)));
    int dimension = bytes.remaining() / Float.BYTES / count;
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] vector = new float[dimension];
      bytes.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
      bytes.position(bytes.position() + dimension * Float.BYTES);
      vectors.add(vector);
    }
    return vectors;
  }
}
