package dev.lookalike.embed.infer;

/**
 * Chooses the size of a bulk batch: the largest power of two that the measured speed lets through
 * in the time given, and no batch as large as one that failed. Not thread-safe.
 */
final class BatchSizer {
  /** Weight of the newest measurement. */
  private static final double NEWEST = 0.3;

  /** Batches after which a size that was too large is tried again. */
  private static final int PATIENCE = 256;

  private final long targetNanos;
  private final int max;
  private double nanosPerImage;
  private int ceiling;
  private int patience;

  BatchSizer(long targetNanos, int max) {
    this.targetNanos = targetNanos;
    this.max = max;
    this.ceiling = max;
  }

  /** Images of one batch, at most, for the time being. */
  int ceiling() {
    return ceiling;
  }

  /** So many images failed together, and not in smaller batches; whether that is news. */
  boolean tooLarge(int size) {
    int before = ceiling;
    ceiling = Math.clamp(size / 2, 1, ceiling);
    patience = PATIENCE;
    return ceiling < before;
  }

  /** 1, 2, 4, ... up to the number of waiting images and to the limit. */
  int next(int waiting) {
    double fitting = nanosPerImage == 0 ? 1 : targetNanos / nanosPerImage;
    return bucket((int) Math.clamp(fitting, 1, Math.min(waiting, ceiling)));
  }

  /** A batch of {@code size} images took {@code nanos}. */
  void measured(int size, long nanos) {
    if (ceiling < max && --patience <= 0) {
      ceiling = Math.min(max, 2 * ceiling);
      patience = PATIENCE;
    }
    double now = (double) nanos / size;
    nanosPerImage = nanosPerImage == 0 ? now : NEWEST * now + (1 - NEWEST) * nanosPerImage;
  }

  /** The largest power of two that is not larger than {@code n}, for n >= 1. */
  static int bucket(int n) {
    return Integer.highestOneBit(n);
  }
}
