package dev.lookalike.service.kafka;

import io.smallrye.config.WithDefault;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;

/** Connection to the broker: {@code lookalike.kafka.*}. */
public interface ClientSettings {
  /** Addresses to which clients connect first, host:port, comma-separated. */
  @WithDefault("127.0.0.1:8790")
  String bootstrapServers();

  /**
   * File with further settings of the Kafka clients under Kafka's own names, in the format of
   * Kafka's tools: security.protocol, sasl.*, ssl.* and so on. Read once, at the start; never
   * logged. The service's own settings take precedence.
   */
  Optional<Path> clientFile();

  /** The same settings one by one; they override the file. */
  Map<String, String> client();

  /**
   * The settings shared by every client of the service, as a new map.
   *
   * @throws IllegalArgumentException if the file cannot be read
   */
  default Map<String, Object> forClient() {
    Properties settings = new Properties();
    clientFile()
        .ifPresent(
            file -> {
              try (Reader reader = Files.newBufferedReader(file)) {
                settings.load(reader);
              } catch (IOException e) {
                throw new IllegalArgumentException(
                    "lookalike.kafka.client-file cannot be read: " + e, e);
              }
            });
    settings.putAll(client());
    Map<String, Object> all = new HashMap<>();
    settings.forEach((key, value) -> all.put(key.toString(), value));
    all.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers());
    // Reconnects within a second of the broker's return, instead of ten.
    all.put(CommonClientConfigs.RECONNECT_BACKOFF_MS_CONFIG, 50L);
    all.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1000L);
    all.put(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, false);
    // Finds a broker that returned at the same address with another id.
    all.put(CommonClientConfigs.METADATA_RECOVERY_STRATEGY_CONFIG, "rebootstrap");
    return all;
  }
}
