package dev.lookalike.query.store;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.HashMap;
import java.util.Map;

/** Makes settings for tests as the configuration does. */
public final class Settings {
  private Settings() {}

  /**
   * Defaults, but for these.
   *
   * @param changed by key after {@code lookalike.index.}
   */
  public static IndexSettings of(Map<String, String> changed) {
    Map<String, String> properties = new HashMap<>();
    changed.forEach((key, value) -> properties.put("lookalike.index." + key, value));
    return new SmallRyeConfigBuilder()
        .addDiscoveredConverters()
        .withSources(new PropertiesConfigSource(properties, "test", 500))
        .withMapping(IndexSettings.class, "lookalike.index")
        .build()
        .getConfigMapping(IndexSettings.class, "lookalike.index");
  }
}
