package dev.lookalike.embed.model;

import io.smallrye.config.ConfigMapping;
import java.util.List;
import java.util.Optional;

/** The models of this instance. */
@ConfigMapping(prefix = "lookalike")
public interface ModelSettings {
  /**
   * Model folders, comma-separated; the first is the default for collections that name no model.
   * The built-in descriptor is served behind them, and is the default without any.
   */
  Optional<List<String>> models();
}
