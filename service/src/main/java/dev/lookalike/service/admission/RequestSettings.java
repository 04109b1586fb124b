package dev.lookalike.service.admission;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** Memory and time for requests in progress: {@code lookalike.intake.*}. */
public interface RequestSettings {
  /**
   * Memory for the bodies and messages of all requests in progress; beyond it requests are refused
   * with FULL. Each counts twice its bytes, because it is parsed; a single request is always
   * admitted. Default: half of the maximum heap.
   */
  Optional<MemorySize> maxBytes();

  /**
   * Largest number of bytes of a body or message; a longer one is refused with TOO_MANY_BYTES.
   * Default: a query image of 32 MiB in base64, with some text beside it.
   */
  @WithDefault("48M")
  MemorySize maxRequestBytes();

  /** Longest time for a body or a message to arrive. */
  @WithDefault("60s")
  Duration readTimeout();

  /** Longest pause within a body or a message. */
  @WithDefault("10s")
  Duration stallTimeout();
}
