package dev.lookalike.training;

/** Checks that images fit into the heap, before they are read. */
final class Memory {
  /** Share of the maximum heap; the rest is for batches and for reading. */
  private static final double SHARE = 0.6;

  private Memory() {}

  /**
   * @throws TrainingFailure TOO_MUCH_DATA with a remedy
   */
  static void check(long images, InputShape shape) {
    // An array has a header of 16 bytes.
    long bytes = images * (shape.size() + 16L);
    long most = (long) (SHARE * Runtime.getRuntime().maxMemory());
    if (bytes > most) {
      throw new TrainingFailure(
          TrainingFailure.Code.TOO_MUCH_DATA,
          "%d images of %d x %d need %d MiB of memory, but only %d are available: give more with"
                  .formatted(images, shape.width(), shape.height(), bytes >> 20, most >> 20)
              + " JAVA_TOOL_OPTIONS=-Xmx8g, or use smaller images with --size");
    }
  }
}
