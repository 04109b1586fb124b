package dev.lookalike.imaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
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
 * lookalike.fuzz.seconds} makes the random mutations run for longer.
 */
class RobustnessTest {
  /** Most of the files on which we and Pillow differ on whether there is an image. */
  private static final int DISAGREEMENTS = 20;

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
      if (reason.equals("CANONICAL") != entry.readByPillow()) {
        disagreements.add(entry.path() + ": " + reason);
      }
    }
    StringBuilder table = new StringBuilder("reason\tfiles\n");
    counts.forEach((reason, n) -> table.append(reason).append('\t').append(n).append('\n'));
    disagreements.forEach(d -> table.append("Pillow differs\t").append(d).append('\n'));
    Files.writeString(Path.of("target", "robustness.tsv"), table);
    System.out.println(table);
    assertThat(disagreements).hasSizeLessThanOrEqualTo(DISAGREEMENTS);
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
    long until =
        System.nanoTime() + Duration.ofSeconds(Long.getLong("lookalike.fuzz.seconds", 3)).toNanos();
    List<Entry> entries = entries();
    int slow = 0;
    while (System.nanoTime() < until) {
      byte[] bytes = Files.readAllBytes(entries.get(random.nextInt(entries.size())).file());
      for (int i = random.nextInt(1, 20); i > 0 && bytes.length > 0; i--) {
        // Most of what decides anything stands at the beginning.
        int range = random.nextBoolean() ? Math.min(256, bytes.length) : bytes.length;
        bytes[random.nextInt(range)] = (byte) random.nextInt(256);
      }
      long start = System.nanoTime();
      Canonicalizer.canonicalize(bytes, limits, Bounds.DEFAULT);
      slow += System.nanoTime() - start > Duration.ofSeconds(5).toNanos() ? 1 : 0;
    }
    assertThat(slow).as("files that took more than five seconds").isZero();
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
