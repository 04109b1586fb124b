package dev.lookalike.service.admission;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** What requests may hold while they arrive and are worked on: {@code lookalike.intake.*}. */
public interface RequestSettings {
  /**
   * Memory that the bodies and messages of requests may take at once; one more is refused with
   * FULL. Each counts for twice its bytes, being parsed; one alone is always let in. Default: half
   * of the largest heap.
   */
  Optional<MemorySize> maxBytes();

  /**
   * Bytes of one body or message, at most; a longer one is refused with TOO_MANY_BYTES. Default: a
   * query image of 32 MiB in base64, with some text beside it.
   */
  @WithDefault("48M")
  MemorySize maxRequestBytes();

  /** Longest time for a body or a message to arrive. */
  @WithDefault("60s")
  Duration readTimeout();

  /** Longest pause in the middle of one. */
  @WithDefault("10s")
  Duration stallTimeout();
}
