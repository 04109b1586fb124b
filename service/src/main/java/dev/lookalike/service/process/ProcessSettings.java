package dev.lookalike.service.process;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/**
 * The process: where it may listen, when it exits, when it returns memory. An unknown key under
 * lookalike makes the start fail.
 */
@ConfigMapping(prefix = "lookalike")
public interface ProcessSettings {
  /**
   * Whether the service may listen beyond loopback without access keys: anyone who reaches its
   * ports can then do everything that the service offers, including writes and deletes. With keys
   * it always may.
   */
  @WithDefault("false")
  boolean allowRemote();

  /**
   * Whether to drain and exit when standard input ends, so that the process never outlives its
   * parent.
   */
  @WithDefault("false")
  boolean exitWithParent();

  /**
   * How long the process is idle before it returns unused heap to the system with one full
   * collection; 0s: never.
   */
  @WithDefault("5s")
  Duration idleTrimAfter();
}
