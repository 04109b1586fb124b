package dev.lookalike.training;

import dev.lookalike.training.TrainingFailure.Code;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontFormatException;
import java.awt.Graphics2D;
import java.awt.GraphicsEnvironment;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.font.FontRenderContext;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Draws digits with the fonts of the machine, or of a folder, in MNIST's layout: white on black,
 * the longer side of the digit 20 of 28 pixels, its centre of mass in the middle. README.md lists
 * the distortions, for a strength of 1.
 */
final class RenderedDigits {
  private static final String DIGITS = "0123456789";
  private static final int SIDE = InputShape.DIGIT.width();
  private static final int BOX = 20;

  /** Drawn this many times larger, then averaged. */
  private static final int OVERSAMPLING = 3;

  private static final double ROTATION = 15;
  private static final double SHEAR = 0.2;
  private static final double STRETCH = 0.2;
  private static final double SCALE = 0.15;
  private static final double SHIFT = 1.5;
  private static final double THICKER = 1.6;
  private static final double THINNER = 0.5;
  private static final double ELASTIC = 0.035;
  private static final double NOISE = 0.08;

  /** Words that do not make a separate design: the digits have the shapes of the family. */
  private static final Set<String> STYLES =
      Set.of(
          "thin",
          "extralight",
          "light",
          "book",
          "regular",
          "roman",
          "medium",
          "semibold",
          "demibold",
          "demi",
          "bold",
          "extrabold",
          "black",
          "heavy",
          "italic",
          "oblique",
          "condensed",
          "semicondensed",
          "narrow",
          "expanded",
          "extended",
          "caption",
          "display");

  private final double strength;
  private final Random random;

  /**
   * @param strength of the distortions; 0 draws the digits as in the fonts
   */
  RenderedDigits(double strength, long seed) {
    this.strength = strength;
    this.random = new Random(seed);
  }

  /**
   * Fonts that have ten different digits, by design: the family without words like Bold and Narrow.
   * Fonts of one design are never used both for training and for testing.
   *
   * @param folder with ttf and otf files; empty: the fonts of the machine
   * @throws TrainingFailure NO_FONTS if there are none
   */
  static Map<String, List<Font>> designs(java.util.Optional<Path> folder) {
    Map<String, List<Font>> designs = new TreeMap<>();
    for (Font font : folder.map(RenderedDigits::read).orElseGet(RenderedDigits::ofTheMachine)) {
      if (hasDigits(font)) {
        designs.computeIfAbsent(design(font), name -> new ArrayList<>()).add(font);
      }
    }
    if (designs.isEmpty()) {
      throw new TrainingFailure(
          Code.NO_FONTS,
          "no font with digits "
              + folder.map(path -> "in " + path).orElse("on this machine")
              + ": install some (Debian: apt-get install fontconfig fonts-dejavu"
              + " fonts-liberation), or give a folder of ttf and otf files with --fonts");
    }
    return designs;
  }

  private static List<Font> ofTheMachine() {
    try {
      Set<String> logical =
          Set.of(Font.DIALOG, Font.DIALOG_INPUT, Font.SANS_SERIF, Font.SERIF, Font.MONOSPACED);
      return Stream.of(GraphicsEnvironment.getLocalGraphicsEnvironment().getAllFonts())
          .filter(font -> !logical.contains(font.getFamily(Locale.ROOT)))
          .toList();
    } catch (Error | RuntimeException e) {
      // Without fontconfig the JDK throws an InternalError, and later NoClassDefFoundError.
      throw new TrainingFailure(
          Code.NO_FONTS,
          "cannot list the fonts of this machine ("
              + e
              + "): install fontconfig and a font, or use --fonts",
          e);
    }
  }

  private static List<Font> read(Path folder) {
    List<Font> fonts = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        if (name.endsWith(".ttf") || name.endsWith(".otf") || name.endsWith(".ttc")) {
          try {
            fonts.addAll(List.of(Font.createFonts(file.toFile())));
          } catch (FontFormatException e) {
            throw new TrainingFailure(Code.BAD_DATA, file + ": " + e.getMessage(), e);
          }
        }
      }
    } catch (IOException | UncheckedIOException e) {
      throw new TrainingFailure(Code.BAD_DATA, folder + ": " + e.getMessage(), e);
    }
    return fonts;
  }

  private static String design(Font font) {
    List<String> words = new ArrayList<>();
    for (String word : font.getFamily(Locale.ROOT).split("[ _-]+", -1)) {
      if (!STYLES.contains(word.toLowerCase(Locale.ROOT))) {
        words.add(word);
      }
    }
    return words.isEmpty() ? font.getFamily(Locale.ROOT) : String.join(" ", words);
  }

  private static boolean hasDigits(Font font) {
    if (font.canDisplayUpTo(DIGITS) >= 0) {
      return false;
    }
    Set<Rectangle2D> boxes = new HashSet<>();
    for (int digit = 0; digit < 10; digit++) {
      Rectangle2D box = outline(font, digit).getBounds2D();
      // Icon and braille fonts have signs with other proportions.
      double ratio = box.getWidth() / box.getHeight();
      if (box.isEmpty() || ratio > 1.3 || ratio < 0.1) {
        return false;
      }
      boxes.add(box);
    }
    return boxes.size() > 3;
  }

  private static Shape outline(Font font, int digit) {
    return font.deriveFont(100f)
        .createGlyphVector(
            new FontRenderContext(null, true, true), DIGITS.substring(digit, digit + 1))
        .getOutline();
  }

  /**
   * Draws digits, all ten and all designs equally often.
   *
   * @param designs fonts to draw with, by design
   */
  LabelledImages draw(int count, Collection<List<Font>> designs) {
    List<List<Font>> choices = List.copyOf(designs);
    byte[][] pixels = new byte[count][];
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      List<Font> design = choices.get(random.nextInt(choices.size()));
      labels[i] = i % 10;
      pixels[i] = draw(design.get(random.nextInt(design.size())), labels[i]);
    }
    return new LabelledImages(
        InputShape.DIGIT,
        IntStream.range(0, 10).mapToObj(Integer::toString).toList(),
        pixels,
        labels);
  }

  private double between(double most) {
    return (2 * random.nextDouble() - 1) * most * strength;
  }

  /** One digit, {@code [1, 28, 28]}. */
  private byte[] draw(Font font, int digit) {
    AffineTransform map = new AffineTransform();
    map.rotate(Math.toRadians(between(ROTATION)));
    map.shear(between(SHEAR), 0);
    map.scale(1 + between(STRETCH), 1);
    Shape shape = map.createTransformedShape(outline(font, digit));
    double size = BOX * (1 + between(SCALE)) * OVERSAMPLING;
    double thickness =
        (random.nextDouble() * (THICKER + THINNER) - THINNER) * strength * OVERSAMPLING;
    // The pen extends half its width beyond the outline on each side.
    float[] large = raster(fitted(shape, size - thickness), thickness);
    float[] image = centred(large);
    if (strength > 0) {
      double elastic = ELASTIC * strength;
      image =
          new Distortion(0, 0, 0, 0, 0, elastic, 0, 0, NOISE * strength)
              .apply(image, InputShape.DIGIT, random);
    }
    byte[] pixels = new byte[image.length];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) Math.round(image[i] * 255);
    }
    return pixels;
  }

  /**
   * Scales the shape so that its longer side is {@code size}, and centres its box in the picture.
   */
  private static Shape fitted(Shape shape, double size) {
    Rectangle2D box = shape.getBounds2D();
    double factor = size / Math.max(box.getWidth(), box.getHeight());
    AffineTransform map = new AffineTransform();
    map.translate(SIDE * OVERSAMPLING / 2.0, SIDE * OVERSAMPLING / 2.0);
    map.scale(factor, factor);
    map.translate(-box.getCenterX(), -box.getCenterY());
    return map.createTransformedShape(shape);
  }

  /**
   * @param thickness width of a pen along the outline, white, or black where it is negative
   */
  private static float[] raster(Shape shape, double thickness) {
    int side = SIDE * OVERSAMPLING;
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setColor(Color.WHITE);
    graphics.fill(shape);
    float width = (float) Math.abs(thickness);
    if (width > 0.05f) {
      graphics.setColor(thickness > 0 ? Color.WHITE : Color.BLACK);
      graphics.setStroke(new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
      graphics.draw(shape);
    }
    graphics.dispose();
    byte[] bytes = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    float[] pixels = new float[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      pixels[i] = (bytes[i] & 0xff) / 255f;
    }
    return pixels;
  }

  /** Averages down, moves the centre of mass to the middle and applies the shift. */
  private float[] centred(float[] large) {
    int side = SIDE * OVERSAMPLING;
    double mass = 0;
    double massX = 0;
    double massY = 0;
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        float value = large[y * side + x];
        mass += value;
        massX += value * (x + 0.5);
        massY += value * (y + 0.5);
      }
    }
    int moveX = 0;
    int moveY = 0;
    if (mass > 0) {
      moveX = (int) Math.round(massX / mass - side / 2.0 + between(SHIFT) * OVERSAMPLING);
      moveY = (int) Math.round(massY / mass - side / 2.0 + between(SHIFT) * OVERSAMPLING);
    }
    float[] image = new float[SIDE * SIDE];
    float share = 1f / (OVERSAMPLING * OVERSAMPLING);
    for (int y = 0; y < side; y++) {
      int fromY = y + moveY;
      for (int x = 0; x < side; x++) {
        int fromX = x + moveX;
        if (fromX >= 0 && fromX < side && fromY >= 0 && fromY < side) {
          image[(y / OVERSAMPLING) * SIDE + x / OVERSAMPLING] +=
              large[fromY * side + fromX] * share;
        }
      }
    }
    return image;
  }
}
