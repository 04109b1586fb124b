package dev.lookalike.ingest.log;

import dev.lookalike.service.kafka.TopicSettings;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;

/** The broker and how long to wait for it. */
@ConfigMapping(prefix = "lookalike.kafka")
public interface KafkaSettings extends TopicSettings {
  /**
   * Longest time from handing a record over until it is acknowledged or BROKER_UNAVAILABLE; three
   * tenths of it at most for finding out where the topic is. At least 2 s; longer rides out longer
   * restarts of the broker, and keeps uploads in memory meanwhile.
   */
  @WithDefault("10s")
  Duration deliveryTimeout();

  /** Records handed over and not yet acknowledged, at most. 4M to 256M. */
  @WithDefault("16M")
  MemorySize bufferMemory();

  /** Longest time for reading one record back. */
  @WithDefault("5s")
  Duration readTimeout();

  /** Consumers that read single records, at most; each keeps a connection. 1 to 64. */
  @WithDefault("4")
  @Min(1)
  @Max(64)
  int readers();

  /** How often the broker is asked whether it is there. */
  @WithDefault("1s")
  Duration probeEvery();
}
