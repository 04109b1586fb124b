package dev.lookalike.embed.model.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lookalike.embed.model.folder.BuiltInModel;
import dev.lookalike.imaging.RgbImage;
import dev.lookalike.proto.image.v1.ModelReference;
import java.awt.Color;
import java.awt.Font;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The file that is served where no model is given, as it lies in the service. */
class BuiltInModelTest {
  private static final String DIGEST =
      "c8017a46ec6d44fb4812de9bee55fa44076a9580d31f4183fb57ed2a72ea3ba7";

  private static BuiltInModel folder;
  private static OnnxModel model;

  @BeforeAll
  static void load() throws Exception {
    folder = BuiltInModel.write();
    model = OnnxModel.load(folder.folder(), 1);
  }

  @AfterAll
  static void close() throws Exception {
    model.close();
    folder.close();
    assertThat(folder.folder()).doesNotExist();
  }

  /** What is drawn; its colours, ground, place, size and angle follow from the seed. */
  private enum Thing {
    BOTTLE,
    TREE,
    TROUSERS,
    WRITING
  }

  private static BufferedImage drawn(Thing thing, int seed) {
    Random random = new Random(seed * 31L + thing.ordinal());
    BufferedImage image = new BufferedImage(320, 320, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setPaint(new GradientPaint(0, 0, light(random), 320, 320, light(random)));
    g.fillRect(0, 0, 320, 320);
    g.translate(160 + random.nextInt(40) - 20, 160 + random.nextInt(40) - 20);
    g.rotate((random.nextDouble() - 0.5) * 0.3);
    double scale = 0.85 + random.nextDouble() * 0.3;
    g.scale(scale, scale);
    Color dark = dark(random);
    g.setPaint(new GradientPaint(-60, 0, dark, 60, 0, dark.brighter()));
    switch (thing) {
      case BOTTLE -> {
        g.fillRoundRect(-35, -40, 70, 160, 24, 24);
        g.fillRect(-14, -110, 28, 80);
        g.setColor(light(random));
        g.fillRect(-35, 0, 70, 60);
      }
      case TREE -> {
        g.setColor(new Color(90, 60, 30));
        g.fillRect(-12, 20, 24, 110);
        g.setColor(new Color(20 + random.nextInt(60), 100 + random.nextInt(80), 30));
        for (int i = 0; i < 60; i++) {
          int size = 30 + random.nextInt(30);
          double angle = random.nextDouble() * 2 * Math.PI;
          double far = random.nextDouble() * 70;
          g.fill(
              new Ellipse2D.Double(
                  Math.cos(angle) * far - size / 2.0,
                  Math.sin(angle) * far - 50 - size / 2.0,
                  size,
                  size));
        }
      }
      case TROUSERS -> {
        Path2D path = new Path2D.Double();
        path.moveTo(-55, -120);
        path.lineTo(55, -120);
        path.lineTo(75, 120);
        path.lineTo(22, 120);
        path.lineTo(0, -40);
        path.lineTo(-22, 120);
        path.lineTo(-75, 120);
        path.closePath();
        g.fill(path);
      }
      case WRITING -> {
        g.setFont(new Font(Font.SERIF, Font.PLAIN, 22));
        for (int line = 0; line < 9; line++) {
          StringBuilder words = new StringBuilder();
          for (int i = 0; i < 22; i++) {
            words.append(random.nextInt(6) == 0 ? ' ' : (char) ('a' + random.nextInt(26)));
          }
          g.drawString(words.toString(), -120, -100 + line * 26);
        }
      }
    }
    g.dispose();
    return image;
  }

  private static Color light(Random random) {
    return new Color(170 + random.nextInt(86), 170 + random.nextInt(86), 170 + random.nextInt(86));
  }

  private static Color dark(Random random) {
    return new Color(random.nextInt(140), random.nextInt(140), random.nextInt(140));
  }

  private static RgbImage rgb(BufferedImage image) {
    byte[] bytes = new byte[image.getWidth() * image.getHeight() * 3];
    int at = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int pixel = image.getRGB(x, y);
        bytes[at++] = (byte) (pixel >> 16);
        bytes[at++] = (byte) (pixel >> 8);
        bytes[at++] = (byte) pixel;
      }
    }
    return new RgbImage(image.getWidth(), image.getHeight(), bytes);
  }

  private static List<float[]> embeddings(List<BufferedImage> images) throws Exception {
    PixelBuffer pixels = model.buffer(images.size());
    for (int i = 0; i < images.size(); i++) {
      pixels.write(rgb(images.get(i)), i);
    }
    return model.infer(pixels, 0, images.size()).stream()
        .map(OnnxModel.Inference::embedding)
        .toList();
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  /** Index of the most similar of the others. */
  private static int nearest(float[] query, List<float[]> gallery, int itself) {
    int best = -1;
    for (int i = 0; i < gallery.size(); i++) {
      if (i != itself && (best < 0 || dot(query, gallery.get(i)) > dot(query, gallery.get(best)))) {
        best = i;
      }
    }
    return best;
  }

  @Test
  void isTheFileThatWasTrained() throws Exception {
    ModelReference reference = model.reference();
    assertThat(reference.getId()).isEqualTo(BuiltInModel.ID);
    assertThat(reference.getVersion()).isEqualTo("1");
    assertThat(reference.getDimension()).isEqualTo(256);
    assertThat(reference.getDigest()).isEqualTo(DIGEST);
    assertThat(Files.size(folder.folder().resolve("model.onnx"))).isLessThanOrEqualTo(8_000_000);
    Path beside = Path.of("src/main/resources/model");
    assertThat(beside.resolve("NOTICE")).content().contains("Apache License, Version 2.0");
    assertThat(beside.resolve("LICENSE")).content().contains("Version 2.0, January 2004");
  }

  @Test
  void aBatchGivesTheEmbeddingsOfItsImages() throws Exception {
    List<BufferedImage> images = new ArrayList<>();
    for (int seed = 0; seed < 3; seed++) {
      for (Thing thing : Thing.values()) {
        images.add(drawn(thing, seed));
      }
    }
    images.add(new BufferedImage(40, 500, BufferedImage.TYPE_INT_RGB));
    assertThat(model.maxBatchSize()).isGreaterThanOrEqualTo(images.size());
    List<float[]> batch = embeddings(images);
    for (int i = 0; i < images.size(); i++) {
      float[] alone = embeddings(List.of(images.get(i))).getFirst();
      assertThat(Math.sqrt(dot(alone, alone))).isCloseTo(1, within(1e-4));
      assertThat(batch.get(i)).containsExactly(alone, within(2e-6f));
    }
  }

  @Test
  void findsTheSameKindOfThing() throws Exception {
    List<BufferedImage> images = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      images.add(drawn(Thing.values()[i % 4], i / 4));
    }
    List<float[]> gallery = embeddings(images);
    int same = 0;
    for (int i = 0; i < gallery.size(); i++) {
      same += nearest(gallery.get(i), gallery, i) % 4 == i % 4 ? 1 : 0;
    }
    // Whatever their colours are: with pictures of one colour each it would be chance, 8 of 32.
    assertThat(same).isGreaterThanOrEqualTo(29);
  }

  @Test
  void findsWhatACopyWasMadeOf() throws Exception {
    List<BufferedImage> images = new ArrayList<>();
    List<BufferedImage> copies = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      BufferedImage image = drawn(Thing.values()[i % 4], 100 + i / 4);
      images.add(image);
      copies.add(copy(image, i));
    }
    List<float[]> gallery = embeddings(images);
    List<float[]> queries = embeddings(copies);
    int found = 0;
    for (int i = 0; i < queries.size(); i++) {
      found += nearest(queries.get(i), gallery, -1) == i ? 1 : 0;
    }
    assertThat(found).isGreaterThanOrEqualTo(29);
  }

  /** Cropped to 80 %, turned by five degrees, half the size or brighter. */
  private static BufferedImage copy(BufferedImage image, int which) {
    int kind = which / 4 % 4;
    int side = kind == 2 ? 160 : 320;
    BufferedImage copy = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = copy.createGraphics();
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    switch (kind) {
      case 0 -> g.drawImage(image, 0, 0, side, side, 32, 32, 288, 288, null);
      case 1 -> {
        g.drawImage(image, 0, 0, side, side, null);
        g.drawImage(image, AffineTransform.getRotateInstance(0.087, side / 2.0, side / 2.0), null);
      }
      case 2 -> g.drawImage(image, 0, 0, side, side, null);
      default -> {
        g.drawImage(image, 0, 0, side, side, null);
        g.setColor(new Color(255, 255, 255, 60));
        g.fillRect(0, 0, side, side);
      }
    }
    g.dispose();
    return copy;
  }
}
