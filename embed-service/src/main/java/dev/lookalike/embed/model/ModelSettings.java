package dev.lookalike.embed.model;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.List;
import java.util.Optional;

/** The models of this instance, and where they run. */
@ConfigMapping(prefix = "lookalike")
public interface ModelSettings {
  /**
   * Model folders, or graphs in them, comma-separated; the first is the default for collections
   * that name no model. The built-in lookalike-256 is served behind them, and is the default
   * without any.
   */
  Optional<List<String>> models();

  /**
   * Whether models run on CUDA: {@code require} refuses to start without it, {@code prefer} runs on
   * the CPU where it does not work and says so, {@code off} does not ask for it.
   */
  @WithDefault("off")
  DevicePolicy device();
}
