package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code lookalike teach}, typed as a user types it. */
class TeachIT {
  private static final String SHOP = "taught-shop";

  /** Colours that the built-in model tells apart. */
  private static final List<String> CLASSES = List.of("red", "green", "blue");

  private final RunningSystem system = RunningSystem.get();
  private final Api api = system.api;

  /** A picture of one colour, from its own light to its own shade. */
  private static byte[] picture(String colour, long seed) throws IOException {
    Random random = new Random(seed);
    float hue = CLASSES.indexOf(colour) / 3f + (random.nextFloat() - 0.5f) * 0.06f;
    BufferedImage image = new BufferedImage(300, 300, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setPaint(
        new GradientPaint(
            random.nextInt(100),
            0,
            Color.getHSBColor(hue, 0.9f, 0.9f),
            200 + random.nextInt(100),
            300,
            Color.getHSBColor(hue, 0.8f, 0.5f + random.nextFloat() / 5)));
    g.fillRect(0, 0, 300, 300);
    g.dispose();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "jpeg", out);
    return out.toByteArray();
  }

  /** {@code name (source)} of the labels that are not of a model. */
  private List<String> labels(String id) {
    JsonNode entry = api.get("/v1/collections/" + SHOP + "/images/" + id).ok();
    return StreamSupport.stream(entry.path("labels").spliterator(), false)
        .filter(each -> !each.path("source").asText().equals("model"))
        .map(each -> each.path("name").asText() + " (" + each.path("source").asText() + ")")
        .toList();
  }

  private void awaitLabels(String id, String... wanted) {
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(() -> assertThat(labels(id)).containsExactly(wanted));
  }

  private List<String> matching(String filter) {
    return StreamSupport.stream(
            system
                .lookalike("list", "--collection", SHOP, "--json", "--filter", filter)
                .json()
                .path("images")
                .spliterator(),
            false)
        .map(each -> each.path("image_id").asText())
        .collect(Collectors.toList());
  }

  private void put(String id, byte[] picture) {
    api.await(api.put(SHOP, id, picture, Map.of()).token());
  }

  @Test
  void aFewLabelledImagesLabelTheRest(@TempDir Path folder) throws IOException {
    for (String colour : CLASSES) {
      for (int i = 0; i < 8; i++) {
        Path file = folder.resolve("photos").resolve(colour).resolve(i + ".jpg");
        Files.createDirectories(file.getParent());
        Files.write(file, picture(colour, i));
      }
    }
    system.lookalike("collection", "create", SHOP, "--model", "lookalike-256").ok();
    assertThat(system.lookalike("teach", SHOP).err()).contains("TOO_FEW_LABELS");
    system
        .lookalike(
            "import",
            folder.resolve("photos").toString(),
            "--collection",
            SHOP,
            "--label-from-folder")
        .ok();
    put("old-red", picture("red", 100));
    put("old-of-user", picture("green", 101));
    api.patch(SHOP, "old-of-user", Map.of("labels", List.of("meadow"))).ok();
    awaitLabels("old-of-user", "meadow (user)");

    Path confusion = folder.resolve("confusion.png");
    JsonNode report =
        system
            .lookalike(
                "teach",
                SHOP,
                "--existing",
                "--json",
                "--precision",
                "0.9",
                "--picture",
                confusion.toString())
            .json();
    assertThat(report.at("/accuracy/value").asDouble()).isGreaterThan(0.95);
    assertThat(report.at("/precision/low").asDouble()).isBetween(0.7, 1.0);
    assertThat(report.at("/coverage").asDouble()).isGreaterThan(0.8);
    assertThat(report.path("left_out_classes").path("meadow").asInt()).isEqualTo(1);
    assertThat(report.at("/published/state").asText()).isEqualTo("applied");
    assertThat(ImageIO.read(confusion.toFile()).getWidth()).isPositive();
    String version = report.at("/published/version").asText();

    awaitLabels("old-red", "red (taught)");
    assertThat(labels("old-of-user")).containsExactly("meadow (user)");

    put("new-blue", picture("blue", 102));
    awaitLabels("new-blue", "blue (taught)");
    JsonNode label = api.get("/v1/collections/" + SHOP + "/images/new-blue").ok().at("/labels/0");
    assertThat(label.path("source_version").asText()).isEqualTo(version);
    put("stranger", Pictures.jpeg(4711));
    assertThat(labels("stranger")).isEmpty();
    assertThat(matching("'blue' in labels.taught")).containsExactly("new-blue");
    assertThat(matching("has(labels.taught)")).containsExactly("new-blue", "old-red");
    assertThat(system.lookalike("list", "--collection", SHOP, "--limit", "100").ok().out())
        .contains("(taught)", "meadow (user)");
    assertThat(system.lookalike("teach", "show", SHOP).ok().out())
        .contains(version, "new images are labelled");
    assertThat(system.lookalike("teach", "list", "--json").json().findValuesAsText("version"))
        .contains(version);

    api.patch(SHOP, "new-blue", Map.of("labels", List.of("sea"))).ok();
    awaitLabels("new-blue", "sea (user)");

    system.lookalike("teach", "remove", SHOP).ok();
    awaitLabels("old-red");
    assertThat(labels("new-blue")).containsExactly("sea (user)");
    assertThat(labels("old-of-user")).containsExactly("meadow (user)");
    assertThat(system.lookalike("teach", "show", SHOP).exit()).isEqualTo(4);
    system.lookalike("collection", "delete", SHOP, "--yes").ok();
  }
}
