package dev.lookalike.query.sink;

import io.smallrye.config.WithDefault;
import java.util.HashMap;
import java.util.Map;

/** How the broker is reached: {@code lookalike.kafka.*}. */
public interface KafkaSettings {
  /** Host and port of one or more brokers, comma-separated. */
  @WithDefault("127.0.0.1:8790")
  String bootstrapServers();

  /** Further settings of the Kafka clients, by their own names: security.protocol and the like. */
  Map<String, String> client();

  /** Settings for a client. */
  default Map<String, Object> forClient() {
    Map<String, Object> settings = new HashMap<>(client());
    settings.put("bootstrap.servers", bootstrapServers());
    return settings;
  }
}
