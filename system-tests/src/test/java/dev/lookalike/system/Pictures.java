package dev.lookalike.system;

import java.awt.Color;
import java.awt.Font;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Random;
import javax.imageio.ImageIO;

/**
 * Pictures that the tests render themselves: the same seed gives the same picture, another seed
 * another one.
 */
final class Pictures {
  private Pictures() {}

  /** JPEG of a picture with a gradient, some shapes and a word. */
  static byte[] jpeg(long seed) {
    return encoded(render(seed, 320 + (int) (seed % 7) * 40, 300), "jpeg");
  }

  static byte[] png(long seed, int width, int height) {
    return encoded(render(seed, width, height), "png");
  }

  static BufferedImage render(long seed, int width, int height) {
    Random random = new Random(seed * 2654435761L + 17);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setPaint(new GradientPaint(0, 0, colour(random), width, height, colour(random)));
    g.fillRect(0, 0, width, height);
    int shapes = 6 + random.nextInt(10);
    for (int i = 0; i < shapes; i++) {
      g.setColor(colour(random));
      int x = random.nextInt(width);
      int y = random.nextInt(height);
      int size = Math.max(4, random.nextInt(Math.max(5, Math.min(width, height) / 2)));
      switch (random.nextInt(3)) {
        case 0 -> g.fillRect(x - size / 2, y - size / 2, size, size / 2 + 1);
        case 1 -> g.fill(new Ellipse2D.Double(x - size / 2.0, y - size / 2.0, size, size));
        default -> {
          Path2D path = new Path2D.Double();
          path.moveTo(x, y);
          path.lineTo(x + size, y + random.nextInt(size));
          path.lineTo(x - random.nextInt(size), y + size);
          path.closePath();
          g.fill(path);
        }
      }
    }
    g.setColor(colour(random));
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, Math.max(8, height / 6)));
    g.drawString(Long.toString(seed, 36), width / 5, height / 2);
    g.dispose();
    return image;
  }

  private static Color colour(Random random) {
    return new Color(random.nextInt(0x1000000));
  }

  private static byte[] encoded(BufferedImage image, String format) {
    try (ByteArrayOutputStream out = new ByteArrayOutputStream()) {
      if (!ImageIO.write(image, format, out)) {
        throw new IllegalStateException("no writer for " + format);
      }
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
