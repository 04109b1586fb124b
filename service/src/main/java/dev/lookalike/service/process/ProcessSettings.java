package dev.lookalike.service.process;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/**
 * The process: where it may listen, when it ends, what it keeps at rest. An unknown key under
 * lookalike stops the start.
 */
@ConfigMapping(prefix = "lookalike")
public interface ProcessSettings {
  /**
   * Whether it may listen elsewhere than on loopback without access keys: whoever reaches the ports
   * may then read everything, and write and delete it where the service does. With keys it may in
   * any case.
   */
  @WithDefault("false")
  boolean allowRemote();

  /** Whether to drain and exit when standard input ends, so that it never outlives its parent. */
  @WithDefault("false")
  boolean exitWithParent();

  /**
   * How long the process is at rest before it gives the heap that its work took back to the system,
   * by one whole collection; 0s: never.
   */
  @WithDefault("5s")
  Duration idleTrimAfter();
}
