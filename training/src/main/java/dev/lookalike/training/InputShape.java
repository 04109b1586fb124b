package dev.lookalike.training;

/**
 * Shape of one image for the network.
 *
 * @param channels 1 (grey) or 3 (red, green, blue)
 * @param height rows of pixels, 18 to 224
 * @param width columns of pixels, 18 to 224
 */
record InputShape(int channels, int height, int width) {
  /** 28 x 28 grey: MNIST's, and the article's. */
  static final InputShape DIGIT = new InputShape(1, 28, 28);

  /** The least side that leaves a pixel behind three convolutions and two pools. */
  static final int LEAST_SIDE = 18;

  /** The largest side. */
  static final int MOST_SIDE = 224;

  InputShape {
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException("1 or 3 channels are wanted: " + channels);
    }
    if (Math.min(height, width) < LEAST_SIDE || Math.max(height, width) > MOST_SIDE) {
      throw new IllegalArgumentException(
          "sides of %d to %d pixels are wanted: %d x %d"
              .formatted(LEAST_SIDE, MOST_SIDE, width, height));
    }
  }

  /** Numbers of one image. */
  int size() {
    return channels * height * width;
  }
}
