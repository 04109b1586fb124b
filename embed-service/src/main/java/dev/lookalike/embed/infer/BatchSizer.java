package dev.lookalike.embed.infer;

/**
 * Chooses the size of a bulk batch: the largest power of two that the measured speed lets through
 * in the time given. Not thread-safe.
 */
final class BatchSizer {
  /** Weight of the newest measurement. */
  private static final double NEWEST = 0.3;

  private final long targetNanos;
  private final int max;
  private double nanosPerImage;

  BatchSizer(long targetNanos, int max) {
    this.targetNanos = targetNanos;
    this.max = max;
  }

  /** 1, 2, 4, ... up to the number of waiting images and to the limit. */
  int next(int waiting) {
    double fitting = nanosPerImage == 0 ? 1 : targetNanos / nanosPerImage;
    return bucket((int) Math.clamp(fitting, 1, Math.min(waiting, max)));
  }

  /** A batch of {@code size} images took {@code nanos}. */
  void measured(int size, long nanos) {
    double now = (double) nanos / size;
    nanosPerImage = nanosPerImage == 0 ? now : NEWEST * now + (1 - NEWEST) * nanosPerImage;
  }

  /** The largest power of two that is not larger than {@code n}, for n >= 1. */
  static int bucket(int n) {
    return Integer.highestOneBit(n);
  }
}
