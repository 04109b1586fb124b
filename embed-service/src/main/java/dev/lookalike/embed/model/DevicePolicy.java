package dev.lookalike.embed.model;

import java.util.Locale;

/** Whether models are to run on CUDA. */
public enum DevicePolicy {
  /** CUDA, or no start. */
  REQUIRE,
  /** CUDA where it works, else the CPU, loudly. */
  PREFER,
  /** The CPU. */
  OFF;

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
