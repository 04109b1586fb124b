package dev.lookalike.training;

import java.util.Random;

/**
 * Random changes of an image, drawn anew for each image, uniformly from zero to the given value in
 * both directions. Crop, affine map about the centre and elastic field are one bilinear resampling;
 * outside the image its edge pixels are repeated.
 *
 * @param rotation degrees
 * @param shear of x by y, as a tangent
 * @param scale of each side, as a share of the side
 * @param shift in each direction, as a share of the side
 * @param crop share of the side that may be cut away; the rest fills the image
 * @param elastic displacement of each of 5 x 5 points, as a share of the side, interpolated between
 *     them (after P. Simard, D. Steinkraus and J. Platt, 2003)
 * @param flip probability of mirroring
 * @param invert probability of inverting black and white
 * @param noise largest standard deviation of the noise added to each pixel of 0..1
 */
record Distortion(
    double rotation,
    double shear,
    double scale,
    double shift,
    double crop,
    double elastic,
    double flip,
    double invert,
    double noise) {
  /** No change. */
  static final Distortion NONE = new Distortion(0, 0, 0, 0, 0, 0, 0, 0, 0);

  /** For digits and other signs, which must not be mirrored. */
  static final Distortion SIGNS = new Distortion(10, 0.15, 0.1, 0.07, 0, 0.04, 0, 0, 0);

  /** For photographs. */
  static final Distortion PHOTOGRAPHS = new Distortion(10, 0, 0, 0, 0.25, 0, 0.5, 0, 0.02);

  private static final int GRID = 5;

  boolean isNone() {
    return equals(NONE);
  }

  Distortion withRotation(double degrees) {
    return new Distortion(degrees, shear, scale, shift, crop, elastic, flip, invert, noise);
  }

  Distortion withCrop(double share) {
    return new Distortion(rotation, shear, scale, shift, share, elastic, flip, invert, noise);
  }

  Distortion withFlip(double chance) {
    return new Distortion(rotation, shear, scale, shift, crop, elastic, chance, invert, noise);
  }

  Distortion withInvert(double chance) {
    return new Distortion(rotation, shear, scale, shift, crop, elastic, flip, chance, noise);
  }

  /**
   * Returns a changed copy.
   *
   * @param image 0..1, {@code [channels, height, width]}
   * @return 0..1, of the same shape
   */
  float[] apply(float[] image, InputShape shape, Random random) {
    int width = shape.width();
    int height = shape.height();
    double angle = Math.toRadians(between(random, rotation));
    double skew = between(random, shear);
    double wider = 1 + between(random, scale);
    double higher = 1 + between(random, scale);
    double part = 1 - crop * random.nextDouble();
    double middleX = (random.nextDouble() - 0.5) * (1 - part) * width;
    double middleY = (random.nextDouble() - 0.5) * (1 - part) * height;
    double moveX = between(random, shift) * width;
    double moveY = between(random, shift) * height;
    double mirror = random.nextDouble() < flip ? -1 : 1;
    double xx = mirror * part * Math.cos(angle) / wider;
    double xy = part * (skew * Math.cos(angle) - Math.sin(angle)) / higher;
    double yx = mirror * part * Math.sin(angle) / wider;
    double yy = part * (skew * Math.sin(angle) + Math.cos(angle)) / higher;
    float[] fieldX = field(random, width);
    float[] fieldY = field(random, height);
    boolean inverted = random.nextDouble() < invert;
    double deviation = noise * random.nextDouble();
    float[] changed = new float[image.length];
    double centreX = (width - 1) / 2.0;
    double centreY = (height - 1) / 2.0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double dx = x - centreX - moveX;
        double dy = y - centreY - moveY;
        double fromX = centreX + middleX + xx * dx + xy * dy;
        double fromY = centreY + middleY + yx * dx + yy * dy;
        if (elastic > 0) {
          double u = (double) x / (width - 1) * (GRID - 1);
          double v = (double) y / (height - 1) * (GRID - 1);
          fromX += bilinear(fieldX, 0, GRID, GRID, u, v);
          fromY += bilinear(fieldY, 0, GRID, GRID, u, v);
        }
        for (int channel = 0; channel < shape.channels(); channel++) {
          int plane = channel * width * height;
          double value = bilinear(image, plane, width, height, fromX, fromY);
          if (inverted) {
            value = 1 - value;
          }
          if (deviation > 0) {
            value += deviation * random.nextGaussian();
          }
          changed[plane + y * width + x] = (float) Math.clamp(value, 0, 1);
        }
      }
    }
    return changed;
  }

  private static double between(Random random, double most) {
    return (2 * random.nextDouble() - 1) * most;
  }

  private float[] field(Random random, int side) {
    float[] field = new float[GRID * GRID];
    if (elastic > 0) {
      for (int i = 0; i < field.length; i++) {
        field[i] = (float) (between(random, elastic) * side);
      }
    }
    return field;
  }

  private static double bilinear(
      float[] values, int from, int width, int height, double x, double y) {
    double insideX = Math.clamp(x, 0, width - 1.0);
    double insideY = Math.clamp(y, 0, height - 1.0);
    int left = Math.min((int) insideX, width - 2);
    int top = Math.min((int) insideY, height - 2);
    double right = insideX - left;
    double below = insideY - top;
    int at = from + top * width + left;
    double upper = values[at] * (1 - right) + values[at + 1] * right;
    double lower = values[at + width] * (1 - right) + values[at + width + 1] * right;
    return upper * (1 - below) + lower * below;
  }
}
