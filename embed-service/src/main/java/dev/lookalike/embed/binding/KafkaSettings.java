package dev.lookalike.embed.binding;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** The broker. */
@ConfigMapping(prefix = "lookalike.kafka")
public interface KafkaSettings {
  /** Where clients connect first, host:port, comma-separated. */
  @WithDefault("127.0.0.1:8790")
  String bootstrapServers();

  /** How often the broker is asked whether it is there. */
  @WithDefault("1s")
  Duration probeEvery();
}
