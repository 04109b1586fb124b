package dev.lookalike.embed.log;

import java.time.Duration;

/** How long a pipeline waits before it begins again after an error. Not thread-safe. */
final class RestartPauses {
  static final Duration FIRST = Duration.ofMillis(200);
  static final Duration LONGEST = Duration.ofSeconds(2);

  /** Another process has taken this slot: giving way for longer keeps the two from alternating. */
  static final Duration FENCED = Duration.ofSeconds(15);

  private Duration next = FIRST;

  /**
   * @param hadStreamed whether it had been well since the last error
   * @param fenced whether another process took its place
   */
  Duration after(boolean hadStreamed, boolean fenced) {
    Duration pause = hadStreamed ? FIRST : next;
    Duration doubled = pause.multipliedBy(2);
    next = doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
    return fenced ? FENCED : pause;
  }
}
