package dev.lookalike.embed.model.runtime;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Draws what cameras and scanners give: many megapixels, with detail of one or two pixels. */
final class LargeImages {
  private static final int SHORTEST = 2000;
  private static final int LONGEST = 4000;
  private static final float QUALITY = 0.92f;

  private LargeImages() {}

  /**
   * Writes a JPEG: a photograph enlarged, and over it hatching, handwriting and grain, of each more
   * or less.
   */
  static void write(Path file, int seed, Path photograph) throws IOException {
    Random random = new Random(seed);
    int width = SHORTEST + random.nextInt(LONGEST - SHORTEST + 1);
    int height = SHORTEST + random.nextInt(LONGEST - SHORTEST + 1);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
    Graphics2D canvas = image.createGraphics();
    canvas.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    canvas.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    canvas.drawImage(ImageIO.read(photograph.toFile()), 0, 0, width, height, null);
    hatch(canvas, random, width, height);
    handwrite(canvas, random, width, height);
    canvas.dispose();
    grain(image, random);
    encode(image, file);
  }

  private static void hatch(Graphics2D canvas, Random random, int width, int height) {
    canvas.setStroke(new BasicStroke(1 + random.nextInt(2)));
    for (int patch = 0; patch < 4; patch++) {
      int x = random.nextInt(width * 2 / 3);
      int y = random.nextInt(height * 2 / 3);
      int side = width / 8 + random.nextInt(width / 6);
      int pitch = 3 + random.nextInt(6);
      canvas.setColor(new Color(random.nextInt(0x1000000)));
      for (int offset = 0; offset < side; offset += pitch) {
        canvas.drawLine(x + offset, y, x + side - offset / 2, y + side);
      }
    }
  }

  private static void handwrite(Graphics2D canvas, Random random, int width, int height) {
    canvas.setColor(Color.BLACK);
    canvas.setStroke(new BasicStroke(2));
    for (int line = 0; line < 12; line++) {
      double y = height * (0.1 + 0.07 * line);
      Path2D written = new Path2D.Double();
      written.moveTo(width * 0.1, y);
      for (double x = width * 0.1; x < width * 0.6; x += 12) {
        written.quadTo(x + 4, y - 20 * random.nextDouble(), x + 12, y + 6 * random.nextGaussian());
      }
      canvas.draw(written);
    }
  }

  private static void grain(BufferedImage image, Random random) {
    int strength = 2 + random.nextInt(12);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        int change = random.nextInt(2 * strength + 1) - strength;
        int rgb = image.getRGB(x, y);
        image.setRGB(
            x,
            y,
            level((rgb >> 16 & 255) + change) << 16
                | level((rgb >> 8 & 255) + change) << 8
                | level((rgb & 255) + change));
      }
    }
  }

  private static int level(int value) {
    return Math.clamp(value, 0, 255);
  }

  private static void encode(BufferedImage image, Path file) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam parameters = writer.getDefaultWriteParam();
    parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    parameters.setCompressionQuality(QUALITY);
    try (ImageOutputStream out = ImageIO.createImageOutputStream(Files.newOutputStream(file))) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), parameters);
    } finally {
      writer.dispose();
    }
  }
}
