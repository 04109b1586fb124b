package dev.lookalike.imaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Files that broke other decoders. They lie outside of the repository, in the directory that system
 * property {@code lookalike.shared} names (default {@code ../../shared}). System property {@code
 * lookalike.fuzz.files} is the number of random mutations.
 */
class RobustnessTest {
  /**
   * What Pillow reads and we refuse: pixel data that is damaged, of which Pillow shows what came
   * before the damage, and a lossless JPEG.
   */
  private static final List<String> READ_BY_PILLOW_ONLY =
      List.of(
          "gofuzz/png/corpus/00dcf3b74a9553b55b7541ad87e4a9e74ceb945c-1",
          "gofuzz/png/corpus/034f375ccbb5853b7e42f32841a926f18c3bf735-3",
          "gofuzz/png/corpus/359c6e90da6fb75859b9f79957fc4ddecd21d573-1",
          "gofuzz/png/corpus/42e294a2f99c362df602ae7e6d1ca51c610c77c4-2",
          "gofuzz/png/corpus/4a5e5f4ebd8c4f5939233346db4948e7741929e3-1",
          "gofuzz/png/corpus/52222c98852e1fb04392209c3690d1fdff20b0a2-2",
          "gofuzz/png/corpus/53517011ea62e7883f7b882ea73903d84214fd4b-1",
          "gofuzz/png/corpus/5db4055e7e6135ec7a8d809c5ed62097d09896f3-1",
          "gofuzz/png/corpus/855b87c1cbbf12a7d9a12b6f95412e5e37ecace6-3",
          "gofuzz/png/corpus/9154c6a05226feb956531e6f2afb7c7c4fe05b7f-1",
          "gofuzz/png/corpus/f7386654a561d3d56549489fa587e6257350ab9e-2",
          "pillow/Tests/images/broken_data_stream.png",
          "twelvemonkeys/imageio/imageio-jpeg/src/test/resources/jpeg-lossless/f-18.jpg");

  /**
   * What we read and Pillow refuses: bitmaps whose colours lie where Pillow does not look, an
   * unknown method byte before ordinary compression, a JPEG with a wrong length in a segment that
   * nobody needs.
   */
  private static final List<String> READ_BY_US_ONLY =
      List.of(
          "imagers/tests/images/bmp/images/V3_X4_R4_G4_B4.bmp",
          "imagers/tests/images/bmp/images/lenient/rgb16-880.bmp",
          "imagers/tests/images/bmp/images/rgb32bf.bmp",
          "imagers/tests/images/bmp/images/rgba16-1924.bmp",
          "imagers/tests/images/bmp/images/rgba32abf.bmp",
          "pillow/Tests/images/unknown_compression_method.png",
          "twelvemonkeys/imageio/imageio-jpeg/src/test/resources/broken-jpeg/"
              + "broken-bogus-segment-length.jpg");

  /** What the process may keep after it has seen all files once, in KiB. */
  private static final long GROWTH = 48 << 10;

  private record Entry(Path file, String path, boolean readByPillow) {}

  @Test
  @Timeout(120)
  void everyFileIsAnImageOrHasAReason() throws IOException {
    Map<String, Integer> counts = new TreeMap<>();
    List<String> disagreements = new ArrayList<>();
    List<Entry> entries = entries();
    for (Entry entry : entries) {
      CanonicalResult result =
          Canonicalizer.canonicalize(
              Files.readAllBytes(entry.file()), ImageLimits.DEFAULT, Bounds.DEFAULT);
      String reason =
          switch (result) {
            case CanonicalResult.Canonical canonical -> {
              assertThat(CanonicalDecoder.decode(canonical.image().jpeg()))
                  .isInstanceOf(DecodeResult.Decoded.class);
              yield "CANONICAL";
            }
            case CanonicalResult.Refused refused -> refused.reason().name();
          };
      counts.merge(reason, 1, Integer::sum);
      boolean read = reason.equals("CANONICAL");
      if (read != entry.readByPillow()
          && !(read ? READ_BY_US_ONLY : READ_BY_PILLOW_ONLY).contains(entry.path())) {
        disagreements.add(entry.path() + ": " + reason);
      }
    }
    StringBuilder table = new StringBuilder("reason\tfiles\n");
    counts.forEach((reason, n) -> table.append(reason).append('\t').append(n).append('\n'));
    disagreements.forEach(d -> table.append("Pillow differs\t").append(d).append('\n'));
    Files.writeString(Path.of("target", "robustness.tsv"), table);
    System.out.println(table);
    assertThat(disagreements).isEmpty();
  }

  @Test
  @Timeout(600)
  void memoryStaysWhereItIs() throws IOException {
    List<byte[]> files = new ArrayList<>();
    for (Entry entry : entries()) {
      files.add(Files.readAllBytes(entry.file()));
    }
    long before = 0;
    for (int round = 0; round < 6; round++) {
      for (byte[] file : files) {
        Canonicalizer.canonicalize(file, ImageLimits.DEFAULT, Bounds.DEFAULT);
      }
      if (round == 2) {
        before = nativeKibibytes();
      }
    }
    assertThat(nativeKibibytes() - before).isLessThan(GROWTH);
  }

  @Test
  @Timeout(3600)
  void mutationsOfThemDoNoHarm() throws IOException {
    Random random = new Random(11);
    ImageLimits limits = new ImageLimits(1 << 20, 4_000_000);
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    List<Entry> entries = entries();
    int slow = 0;
    for (int file = Integer.getInteger("lookalike.fuzz.files", 1000); file > 0; file--) {
      byte[] bytes = Files.readAllBytes(entries.get(random.nextInt(entries.size())).file());
      for (int i = random.nextInt(1, 20); i > 0 && bytes.length > 0; i--) {
        // Most of what decides anything stands at the beginning.
        int range = random.nextBoolean() ? Math.min(256, bytes.length) : bytes.length;
        bytes[random.nextInt(range)] = (byte) random.nextInt(256);
      }
      long start = threads.getCurrentThreadCpuTime();
      Canonicalizer.canonicalize(bytes, limits, Bounds.DEFAULT);
      long took = threads.getCurrentThreadCpuTime() - start;
      slow += took > Duration.ofSeconds(5).toNanos() ? 1 : 0;
    }
    assertThat(slow).as("files that took more than five seconds of CPU").isZero();
  }

  private static List<Entry> entries() throws IOException {
    Path directory =
        Path.of(System.getProperty("lookalike.shared", "../../shared")).resolve("robustness");
    Path manifest = directory.resolve("MANIFEST.tsv");
    assumeTrue(
        Files.isRegularFile(manifest),
        "no " + manifest + ": set lookalike.shared to the directory that holds robustness/");
    List<Entry> entries = new ArrayList<>();
    for (String line : Files.readAllLines(manifest).stream().skip(1).toList()) {
      String[] fields = line.split("\t", -1);
      entries.add(new Entry(directory.resolve(fields[0]), fields[0], fields[7].equals("OK")));
    }
    return entries;
  }

  /** Resident memory without the Java heap's files, KiB; 0 where the system does not tell. */
  private static long nativeKibibytes() throws IOException {
    System.gc();
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    long resident =
        Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("VmRSS:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")))
            .findFirst()
            .orElse(0);
    Runtime runtime = Runtime.getRuntime();
    return resident - runtime.totalMemory() / 1024;
  }
}
