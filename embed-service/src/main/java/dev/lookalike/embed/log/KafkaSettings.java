package dev.lookalike.embed.log;

import dev.lookalike.service.kafka.TopicSettings;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** The broker. */
@ConfigMapping(prefix = "lookalike.kafka")
public interface KafkaSettings extends TopicSettings {
  /** How often the broker is asked whether it is there. */
  @WithDefault("1s")
  Duration probeEvery();
}
