package dev.lookalike.training;

/**
 * Shape of an input image of the network.
 *
 * @param channels 1 (grey) or 3 (red, green, blue)
 * @param height rows of pixels, 18 to 224
 * @param width columns of pixels, 18 to 224
 */
record InputShape(int channels, int height, int width) {
  /** 28 x 28 grey, as in MNIST and the article. */
  static final InputShape DIGIT = new InputShape(1, 28, 28);

  /** The smallest side that leaves a pixel after three convolutions and two pools. */
  static final int LEAST_SIDE = 18;

  /** The largest side. */
  static final int MOST_SIDE = 224;

  InputShape {
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException("there must be 1 or 3 channels: " + channels);
    }
    if (Math.min(height, width) < LEAST_SIDE || Math.max(height, width) > MOST_SIDE) {
      throw new IllegalArgumentException(
          "sides must have %d to %d pixels: %d x %d"
              .formatted(LEAST_SIDE, MOST_SIDE, width, height));
    }
  }

  /** Number of values of one image. */
  int size() {
    return channels * height * width;
  }
}
