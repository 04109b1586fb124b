package dev.lookalike.training;

/** Whether images fit into the heap, asked before they are read. */
final class Memory {
  /** Of the largest heap; the rest is for batches and for what is read with. */
  private static final double SHARE = 0.6;

  private Memory() {}

  /**
   * @throws TrainingFailure TOO_MUCH_DATA with what would help
   */
  static void check(long images, InputShape shape) {
    // 16 bytes are the header of an array.
    long bytes = images * (shape.size() + 16L);
    long most = (long) (SHARE * Runtime.getRuntime().maxMemory());
    if (bytes > most) {
      throw new TrainingFailure(
          TrainingFailure.Code.TOO_MUCH_DATA,
          "%d images of %d x %d take %d MiB of memory, and %d are there: give more with"
                  .formatted(images, shape.width(), shape.height(), bytes >> 20, most >> 20)
              + " JAVA_TOOL_OPTIONS=-Xmx8g, or smaller images with --size");
    }
  }
}
