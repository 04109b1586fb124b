package dev.lookalike.imaging;

import dev.lookalike.imaging.opencv.OpenCv;

/** The native libraries behind this module. */
public final class Natives {
  private Natives() {}

  /**
   * Loads the native libraries ahead of their first use. Idempotent and thread-safe.
   *
   * @throws UnsatisfiedLinkError if this platform has none
   */
  public static void load() {
    OpenCv.load();
  }
}
