package dev.lookalike.cli.teach;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/** Draws a confusion matrix. Needs a font on the machine. */
final class ConfusionPicture {
  private static final Color INK = new Color(0x22, 0x22, 0x22);
  private static final Color RIGHT = new Color(0x1f, 0x5f, 0xa8);
  private static final Color WRONG = new Color(0xd9, 0x6b, 0x0b);

  /** Up to this many classes there is room for names and numbers. */
  private static final int MOST_WRITTEN = 40;

  private static final int CELL = 44;
  private static final int MARGIN = 150;
  private static final int LONGEST_NAME = 18;

  private ConfusionPicture() {}

  /** Writes a PNG. */
  static void write(Path file, List<String> classes, int[][] confusion, String title)
      throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    if (!ImageIO.write(draw(classes, confusion, title), "png", file.toFile())) {
      throw new IOException("no writer for PNG");
    }
  }

  /** Rows: true classes; columns: predicted classes; the diagonal is right. */
  static BufferedImage draw(List<String> classes, int[][] confusion, String title) {
    boolean written = classes.size() <= MOST_WRITTEN;
    int cell = written ? CELL : Math.max(2, 1200 / classes.size());
    int side = MARGIN + classes.size() * cell + 20;
    BufferedImage image = new BufferedImage(Math.max(620, side), side, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
    graphics.setColor(INK);
    graphics.drawString(title, 10, 20);
    for (int row = 0; row < classes.size(); row++) {
      int sum = Math.max(1, IntStream.of(confusion[row]).sum());
      int y = MARGIN + row * cell;
      for (int column = 0; column < classes.size(); column++) {
        // The square root makes single mistakes visible.
        double share = Math.sqrt((double) confusion[row][column] / sum);
        int x = MARGIN + column * cell;
        graphics.setColor(mixed(row == column ? RIGHT : WRONG, share));
        graphics.fillRect(x, y, Math.max(1, cell - 1), Math.max(1, cell - 1));
        if (written && confusion[row][column] > 0) {
          graphics.setColor(share > 0.6 ? Color.WHITE : INK);
          String count = Integer.toString(confusion[row][column]);
          int width = graphics.getFontMetrics().stringWidth(count);
          graphics.drawString(count, x + (cell - width) / 2, y + cell / 2 + 4);
        }
      }
      if (written) {
        name(graphics, classes.get(row), y + cell / 2);
      }
    }
    graphics.dispose();
    return image;
  }

  /** Writes the name of a row, and slanted of its column. */
  private static void name(Graphics2D graphics, String whole, int middle) {
    String name =
        whole.length() <= LONGEST_NAME ? whole : whole.substring(0, LONGEST_NAME - 1) + "…";
    graphics.setColor(INK);
    int width = graphics.getFontMetrics().stringWidth(name);
    graphics.drawString(name, MARGIN - 8 - width, middle + 4);
    Graphics2D turned = (Graphics2D) graphics.create();
    turned.rotate(-Math.PI / 4, middle, MARGIN - 8);
    turned.drawString(name, middle, MARGIN - 8);
    turned.dispose();
  }

  private static Color mixed(Color colour, double share) {
    return new Color(
        (int) (255 + (colour.getRed() - 255) * share),
        (int) (255 + (colour.getGreen() - 255) * share),
        (int) (255 + (colour.getBlue() - 255) * share));
  }
}
