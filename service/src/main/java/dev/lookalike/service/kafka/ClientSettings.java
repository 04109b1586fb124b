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

/** How the broker is reached: {@code lookalike.kafka.*}. */
public interface ClientSettings {
  /** Where clients connect first, host:port, comma-separated. */
  @WithDefault("127.0.0.1:8790")
  String bootstrapServers();

  /**
   * File with further settings of the Kafka clients, by their own names, as Kafka's tools read it:
   * security.protocol, sasl.*, ssl.* and the like. Read once, at the start; never logged. What the
   * service must set itself wins.
   */
  Optional<Path> clientFile();

  /** The same one by one, after those of the file. */
  Map<String, String> client();

  /**
   * Settings that every client of the service shares; a map of the caller's own.
   *
   * @throws IllegalArgumentException when the file cannot be read
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
    // A broker that comes back is found within a second, instead of ten.
    all.put(CommonClientConfigs.RECONNECT_BACKOFF_MS_CONFIG, 50L);
    all.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, 1000L);
    all.put(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, false);
    // Finds a broker that came back at the same address with another id.
    all.put(CommonClientConfigs.METADATA_RECOVERY_STRATEGY_CONFIG, "rebootstrap");
    return all;
  }
}
