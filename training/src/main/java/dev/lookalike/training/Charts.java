package dev.lookalike.training;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Draws the confusion matrix and the training curves. Needs a font on the machine. */
final class Charts {
  private static final Color INK = new Color(0x22, 0x22, 0x22);
  private static final Color PALE = new Color(0xdd, 0xdd, 0xdd);
  private static final Color BLUE = new Color(0x1f, 0x5f, 0xa8);
  private static final Color ORANGE = new Color(0xd9, 0x6b, 0x0b);

  /** Up to this many classes there is room for names and numbers. */
  private static final int MOST_WRITTEN = 40;

  private static final int LEFT = 70;
  private static final int TOP = 50;
  private static final int PLOT_WIDTH = 420;
  private static final int PLOT_HEIGHT = 280;

  private Charts() {}

  /** Rows: true classes; columns: predicted classes; the diagonal is right. */
  static BufferedImage confusion(Evaluation evaluation) {
    int classes = evaluation.classes().size();
    boolean written = classes <= MOST_WRITTEN;
    int cell = written ? 44 : Math.max(2, 1200 / classes);
    int margin = written ? 140 : TOP;
    BufferedImage image = blank(margin + classes * cell + 20, margin + classes * cell + 20);
    Graphics2D graphics = graphics(image);
    graphics.drawString(
        String.format(
            Locale.ROOT,
            "accuracy %.4f on %d images; rows: true class, columns: predicted class",
            evaluation.accuracy(),
            evaluation.images()),
        10,
        20);
    for (int row = 0; row < classes; row++) {
      int sum = Math.max(1, java.util.stream.IntStream.of(evaluation.confusion()[row]).sum());
      for (int column = 0; column < classes; column++) {
        int count = evaluation.confusion()[row][column];
        // The square root makes single mistakes visible.
        double share = Math.sqrt((double) count / sum);
        graphics.setColor(mixed(row == column ? BLUE : ORANGE, share));
        graphics.fillRect(margin + column * cell, margin + row * cell, cell - 1, cell - 1);
        if (written && count > 0) {
          graphics.setColor(share > 0.6 ? Color.WHITE : INK);
          centred(
              graphics,
              String.valueOf(count),
              margin + column * cell + cell / 2,
              margin + row * cell + cell / 2 + 4);
        }
      }
      if (written) {
        graphics.setColor(INK);
        String name = shortened(evaluation.classes().get(row));
        graphics.drawString(
            name,
            margin - 8 - graphics.getFontMetrics().stringWidth(name),
            margin + row * cell + cell / 2 + 4);
        Graphics2D turned = (Graphics2D) graphics.create();
        turned.rotate(-Math.PI / 4, margin + row * cell + cell / 2.0, margin - 8);
        turned.drawString(name, margin + row * cell + cell / 2, margin - 8);
        turned.dispose();
      }
    }
    graphics.dispose();
    return image;
  }

  /** Loss and accuracy by epoch, side by side. */
  static BufferedImage curves(List<Training.Epoch> epochs) {
    BufferedImage image = blank(2 * (LEFT + PLOT_WIDTH) + 60, TOP + PLOT_HEIGHT + 60);
    Graphics2D graphics = graphics(image);
    double mostLoss = epochs.stream().mapToDouble(Training.Epoch::loss).max().orElse(1);
    double leastAccuracy =
        epochs.stream()
            .mapToDouble(epoch -> Math.min(epoch.accuracy(), epoch.testAccuracy()))
            .min()
            .orElse(0);
    frame(graphics, LEFT, "loss (cross-entropy)", 0, mostLoss, epochs.size());
    curve(graphics, LEFT, epochs, Training.Epoch::loss, 0, mostLoss, BLUE);
    int right = 2 * LEFT + PLOT_WIDTH;
    double floor = Math.max(0, Math.floor(leastAccuracy * 20 - 0.5) / 20);
    frame(graphics, right, "accuracy", floor, 1, epochs.size());
    curve(graphics, right, epochs, Training.Epoch::accuracy, floor, 1, BLUE);
    curve(graphics, right, epochs, Training.Epoch::testAccuracy, floor, 1, ORANGE);
    graphics.setColor(BLUE);
    graphics.drawString("while training", right + PLOT_WIDTH - 200, TOP - 10);
    graphics.setColor(ORANGE);
    graphics.drawString("test", right + PLOT_WIDTH - 60, TOP - 10);
    graphics.dispose();
    return image;
  }

  private static void frame(
      Graphics2D graphics, int left, String name, double least, double most, int epochs) {
    graphics.setColor(INK);
    graphics.drawString(name, left, TOP - 10);
    for (int i = 0; i <= 4; i++) {
      int y = TOP + PLOT_HEIGHT - i * PLOT_HEIGHT / 4;
      graphics.setColor(PALE);
      graphics.drawLine(left, y, left + PLOT_WIDTH, y);
      graphics.setColor(INK);
      String number = String.format(Locale.ROOT, "%.3f", least + i * (most - least) / 4);
      graphics.drawString(number, left - 8 - graphics.getFontMetrics().stringWidth(number), y + 4);
    }
    int step = Math.max(1, (epochs + 9) / 10);
    for (int epoch = 0; epoch < epochs; epoch += step) {
      centred(graphics, "" + (epoch + 1), x(left, epoch, epochs), TOP + PLOT_HEIGHT + 20);
    }
    centred(graphics, "epoch", left + PLOT_WIDTH / 2, TOP + PLOT_HEIGHT + 42);
  }

  private static int x(int left, int epoch, int epochs) {
    return epochs == 1 ? left + PLOT_WIDTH / 2 : left + epoch * PLOT_WIDTH / (epochs - 1);
  }

  private static void curve(
      Graphics2D graphics,
      int left,
      List<Training.Epoch> epochs,
      ToDoubleFunction<Training.Epoch> value,
      double least,
      double most,
      Color colour) {
    graphics.setColor(colour);
    graphics.setStroke(new BasicStroke(2));
    Path2D line = new Path2D.Double();
    for (int i = 0; i < epochs.size(); i++) {
      double share = (value.applyAsDouble(epochs.get(i)) - least) / Math.max(1e-9, most - least);
      double x = x(left, i, epochs.size());
      double y = TOP + PLOT_HEIGHT * (1 - Math.clamp(share, 0, 1));
      graphics.fillOval((int) x - 3, (int) y - 3, 6, 6);
      if (i == 0) {
        line.moveTo(x, y);
      } else {
        line.lineTo(x, y);
      }
    }
    graphics.draw(line);
    graphics.setStroke(new BasicStroke(1));
  }

  private static String shortened(String name) {
    return name.length() <= 18 ? name : name.substring(0, 17) + "…";
  }

  private static Color mixed(Color colour, double share) {
    return new Color(
        (int) (255 + (colour.getRed() - 255) * share),
        (int) (255 + (colour.getGreen() - 255) * share),
        (int) (255 + (colour.getBlue() - 255) * share));
  }

  private static void centred(Graphics2D graphics, String text, int x, int y) {
    graphics.drawString(text, x - graphics.getFontMetrics().stringWidth(text) / 2, y);
  }

  private static BufferedImage blank(int width, int height) {
    BufferedImage image =
        new BufferedImage(Math.max(560, width), height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, image.getWidth(), height);
    graphics.dispose();
    return image;
  }

  private static Graphics2D graphics(BufferedImage image) {
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
    graphics.setColor(INK);
    return graphics;
  }
}
