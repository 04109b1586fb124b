package dev.lookalike.system;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * 3,781 real photographs through a real network: all searchable, each finds itself, and what the
 * system calls similar is what the reference calls similar.
 */
class ClothingIT {
  /** R@1 by class of the reference vectors, exact search; see the README of the model. */
  private static final double REFERENCE_RECALL = 0.761;

  private static RunningSystem system;
  private static Api api;
  private static Path clothing;
  private static Path model;

  @BeforeAll
  static void importAll() {
    assumeThat(SharedData.clothing()).as("../shared/images/clothing").isPresent();
    assumeThat(SharedData.mobileNet()).as("../shared/models/mobilenet-v2").isPresent();
    clothing = SharedData.clothing().orElseThrow();
    model = SharedData.mobileNet().orElseThrow();
    system = RunningSystem.get();
    api = system.api;
    api.createCollection("clothing", Map.of("model", "mobilenet-v2")).ok();
    JsonNode summary =
        system
            .lookalike("import", clothing.toString(), "--collection", "clothing", "--json")
            .json();
    System.out.println("clothing import: " + summary);
    assertThat(summary.path("searchable").asInt()).isEqualTo(3781);
    // What lies beside the photographs is no image, and is named.
    assertThat(summary.path("rejected_files").findValuesAsText("file"))
        .containsExactlyInAnyOrder("LICENSE", "README.md");
  }

  @Test
  void everyImageIsSearchableAndATestImageFindsItselfAndItsReferenceNeighbours()
      throws IOException {
    int searchable = api.count("clothing").path("searchable").asInt();
    assertThat(searchable).isEqualTo(3781);

    Map<String, float[]> vectors = new HashMap<>();
    for (JsonNode entry : api.everything("clothing", true)) {
      float[] vector = new float[entry.path("vector").size()];
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) entry.path("vector").get(i).asDouble();
      }
      vectors.put(entry.path("attributes").path("file").asText(), vector);
    }
    List<String> names =
        Files.readAllLines(model.resolve("reference/clothing-test.txt")).stream()
            .map(line -> line.startsWith("test/") ? line : "test/" + line)
            .toList();
    float[][] reference = npy(model.resolve("reference/clothing-test.npy"));
    assertThat(names).hasSize(reference.length);

    double sum = 0;
    double minimum = 1;
    for (int i = 0; i < reference.length; i++) {
      double cosine = cosine(reference[i], requireNonNull(vectors.get(names.get(i)), names.get(i)));
      sum += cosine;
      minimum = Math.min(minimum, cosine);
    }
    double mean = sum / reference.length;
    float[][] ours = names.stream().map(vectors::get).toArray(float[][]::new);
    int sameNeighbour = 0;
    for (int i = 0; i < reference.length; i++) {
      if (nearest(reference, i) == nearest(ours, i)) {
        sameNeighbour++;
      }
    }

    List<Found> found = names.parallelStream().map(ClothingIT::find).toList();
    double leastSelf = found.stream().mapToDouble(Found::self).min().orElseThrow();
    double recallAt1 = found.stream().filter(Found::ofItsClass).count() / (double) names.size();
    System.out.printf(
        "clothing: cosine to the reference mean %.5f min %.5f, same neighbour %.3f, R@1 %.3f,"
            + " least similarity to itself %.5f%n",
        mean, minimum, sameNeighbour / (double) names.size(), recallAt1, leastSelf);

    assertThat(leastSelf).isGreaterThanOrEqualTo(0.999);
    assertThat(mean).isGreaterThanOrEqualTo(0.998);
    assertThat(minimum).isGreaterThanOrEqualTo(0.99);
    assertThat(sameNeighbour / (double) names.size()).isGreaterThanOrEqualTo(0.92);
    assertThat(recallAt1).isGreaterThanOrEqualTo(REFERENCE_RECALL - 0.02);
  }

  /**
   * What searching with a test image found.
   *
   * @param self similarity of the first hit, the image itself
   * @param ofItsClass whether the first hit outside the test images is of the same class
   */
  private record Found(double self, boolean ofItsClass) {}

  private static Found find(String name) {
    byte[] file;
    try {
      file = Files.readAllBytes(clothing.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    JsonNode self = api.search("clothing", file, "k=1").getFirst();
    assertThat(self.path("attributes").path("file").asText()).isEqualTo(name);
    JsonNode other =
        api.search("clothing", file, "k=1&filter=" + Api.encode("!file.startsWith(\"test/\")"))
            .getFirst();
    return new Found(
        self.path("similarity").asDouble(),
        folderOf(other.path("attributes").path("file").asText()).equals(folderOf(name)));
  }

  @Test
  void approximateSearchFindsWhatExactSearchFinds() {
    List<JsonNode> entries = api.everything("clothing", false);
    int found = 0;
    int wanted = 0;
    for (int i = 0; i < entries.size(); i += 20) {
      String id = entries.get(i).path("image_id").asText();
      List<String> approximate = ids(id, false);
      List<String> exact = ids(id, true);
      wanted += exact.size();
      found += (int) exact.stream().filter(approximate::contains).count();
    }
    double recallAt10 = found / (double) wanted;
    System.out.printf("clothing: approximate recall@10 %.4f%n", recallAt10);
    assertThat(recallAt10).isGreaterThanOrEqualTo(0.995);
  }

  private static List<String> ids(String id, boolean exact) {
    List<String> ids = new ArrayList<>();
    api.search(
            "clothing",
            Map.of("positives", List.of(Map.of("image_id", id)), "k", 10, "exact", exact))
        .ok()
        .path("hits")
        .forEach(hit -> ids.add(hit.path("image_id").asText()));
    return ids;
  }

  private static String folderOf(String file) {
    String[] parts = file.split("/", -1);
    return parts[parts.length - 2];
  }

  private static int nearest(float[][] vectors, int of) {
    int best = -1;
    double most = -2;
    for (int i = 0; i < vectors.length; i++) {
      double similarity = i == of ? -2 : cosine(vectors[of], vectors[i]);
      if (similarity > most) {
        most = similarity;
        best = i;
      }
    }
    return best;
  }

  private static double cosine(float[] a, float[] b) {
    assertThat(b).hasSameSizeAs(a);
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    return dot / Math.sqrt(aa * bb);
  }

  /** Reads a two-dimensional little-endian float32 array of NumPy's format 1.0. */
  private static float[][] npy(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int headerLength = bytes.getShort(8);
    byte[] header = new byte[headerLength];
    bytes.get(10, header);
    String text = new String(header, US_ASCII);
    assertThat(text).contains("'<f4'", "False");
    String[] shape = text.replaceAll(".*\\((\\d+), (\\d+)\\).*\\s*", "$1 $2").trim().split(" ", -1);
    float[][] rows = new float[Integer.parseInt(shape[0])][Integer.parseInt(shape[1])];
    bytes.position(10 + headerLength);
    for (float[] row : rows) {
      bytes.asFloatBuffer().get(row);
      bytes.position(bytes.position() + row.length * Float.BYTES);
    }
    return rows;
  }
}
