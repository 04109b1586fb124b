package dev.lookalike.embed.log;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** The broker. */
@ConfigMapping(prefix = "lookalike.kafka")
public interface KafkaSettings {
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

  /** Whether topics that are missing are created; else readiness gives the commands that do. */
  @WithDefault("true")
  boolean createTopics();

  /**
   * Copies of each partition: topics are created with so many, and those that are there must have
   * them. 0: the broker's default.
   */
  @WithDefault("0")
  @Min(0)
  @Max(100)
  int replicationFactor();

  /**
   * Copies that must have a record before it is acknowledged: topics are created with it, and those
   * that are there must have as many. 2 with a replication factor of 3 bears the loss of one
   * broker. 0: the broker's default.
   */
  @WithDefault("0")
  @Min(0)
  @Max(100)
  int minInsyncReplicas();

  /** How often the broker is asked whether it is there. */
  @WithDefault("1s")
  Duration probeEvery();

  /**
   * Settings for a client.
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
    all.put("bootstrap.servers", bootstrapServers());
    return all;
  }
}
