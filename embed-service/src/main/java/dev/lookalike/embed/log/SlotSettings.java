package dev.lookalike.embed.log;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Pattern;

/** Which one of several instances this is. */
@ConfigMapping(prefix = "lookalike")
public interface SlotSettings {
  /** What an instance works on. */
  enum Role {
    BOTH,
    BULK,
    ONLINE
  }

  /**
   * Name that stays the same when this instance is started again, and that no other running
   * instance has: names its place in the consumer groups and its transactions.
   */
  @WithDefault("0")
  @Pattern(regexp = "[A-Za-z0-9._-]{1,64}")
  String slot();

  /**
   * What it works on: {@code bulk} the log only, {@code online} query images only, {@code both}. In
   * a cluster each has instances of its own, so that work on the log cannot hold up searches.
   */
  @WithDefault("both")
  Role role();
}
