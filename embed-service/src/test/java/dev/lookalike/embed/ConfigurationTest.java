package dev.lookalike.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.embed.infer.InferSettings;
import dev.lookalike.embed.log.KafkaSettings;
import dev.lookalike.embed.log.SlotSettings;
import dev.lookalike.embed.log.StreamSettings;
import dev.lookalike.embed.model.CudaSettings;
import dev.lookalike.embed.model.ModelDirectorySettings;
import dev.lookalike.embed.model.ModelSettings;
import dev.lookalike.embed.query.QuerySettings;
import dev.lookalike.embed.teaching.TeachingSettings;
import dev.lookalike.service.access.AccessSettings;
import dev.lookalike.service.process.ProcessSettings;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every key reaches its property, has the default that is documented, and none is unknown. */
class ConfigurationTest {
  private static final List<Class<?>> MAPPINGS =
      List.of(
          AccessSettings.class,
          InferSettings.class,
          IntakeSettings.class,
          KafkaSettings.class,
          ModelSettings.class,
          ModelDirectorySettings.class,
          CudaSettings.class,
          QuerySettings.class,
          ProcessSettings.class,
          SlotSettings.class,
          StreamSettings.class,
          TeachingSettings.class);

  /** Each key with a value that is not its default. */
  private static final Map<String, String> OTHER =
      Map.ofEntries(
          Map.entry("lookalike.access.keys-file", "keys.json"),
          Map.entry("lookalike.access.open-metrics", "true"),
          Map.entry("lookalike.access.reload-every", "1s"),
          Map.entry("lookalike.access.service-key", "lk_x"),
          Map.entry("lookalike.access.service-key-file", "service.key"),
          Map.entry("lookalike.allow-remote", "true"),
          Map.entry("lookalike.cuda.device-id", "1"),
          Map.entry("lookalike.cuda.memory-limit", "1G"),
          Map.entry("lookalike.device", "prefer"),
          Map.entry("lookalike.exit-with-parent", "true"),
          Map.entry("lookalike.idle-trim-after", "1m"),
          Map.entry("lookalike.infer.bulk-batch-time", "30ms"),
          Map.entry("lookalike.infer.decode-threads", "2"),
          Map.entry("lookalike.infer.max-batch-size", "8"),
          Map.entry("lookalike.infer.threads", "3"),
          Map.entry("lookalike.intake.max-bytes", "64M"),
          Map.entry("lookalike.intake.max-request-bytes", "50M"),
          Map.entry("lookalike.intake.read-timeout", "20s"),
          Map.entry("lookalike.intake.stall-timeout", "3s"),
          Map.entry("lookalike.kafka.bootstrap-servers", "broker:9092"),
          Map.entry("lookalike.kafka.client-file", "client.properties"),
          Map.entry("lookalike.kafka.client.security.protocol", "SSL"),
          Map.entry("lookalike.kafka.create-topics", "false"),
          Map.entry("lookalike.kafka.min-insync-replicas", "2"),
          Map.entry("lookalike.kafka.replication-factor", "3"),
          Map.entry("lookalike.kafka.probe-every", "2s"),
          Map.entry("lookalike.models", "one,two"),
          Map.entry("lookalike.models.directory", "home"),
          Map.entry("lookalike.online.decoders", "2"),
          Map.entry("lookalike.online.max-image-bytes", "16M"),
          Map.entry("lookalike.online.max-images", "64"),
          Map.entry("lookalike.online.max-pixels", "1000"),
          Map.entry("lookalike.online.timeout", "3s"),
          Map.entry("lookalike.role", "online"),
          Map.entry("lookalike.slot", "a"),
          Map.entry("lookalike.stream.max-failed-share", "0.25"),
          Map.entry("lookalike.stream.max-poll-records", "32"),
          Map.entry("lookalike.stream.session-timeout", "8s"),
          Map.entry("lookalike.stream.transaction-timeout", "20s"),
          Map.entry("lookalike.teaching.look-every", "5s"),
          Map.entry("lookalike.teaching.max-bytes", "16M"),
          Map.entry("lookalike.teaching.progress-every", "5"));

  private static final Pattern ROW = Pattern.compile("\\| `(lookalike[^`]*)` \\| (?:`([^`]*)`)?.*");

  private static Map<String, String> properties(Map<String, String> values) {
    SmallRyeConfigBuilder builder =
        new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withSources(new io.smallrye.config.PropertiesConfigSource(values, "test", 500));
    MAPPINGS.forEach(builder::withMapping);
    SmallRyeConfig config = builder.build();
    Map<String, String> properties = new TreeMap<>();
    for (Class<?> mapping : MAPPINGS) {
      read(mapping, config.getConfigMapping(mapping), mapping.getSimpleName(), properties);
    }
    return properties;
  }

  private static void read(
      Class<?> type, Object settings, String path, Map<String, String> properties) {
    for (Method method : type.getMethods()) {
      if (!Modifier.isAbstract(method.getModifiers())) {
        continue;
      }
      Object value;
      try {
        value = method.invoke(settings);
      } catch (ReflectiveOperationException e) {
        throw new AssertionError(e);
      }
      String name = path + "." + method.getName();
      if (method.getReturnType().getSimpleName().endsWith("Settings")) {
        read(method.getReturnType(), value, name, properties);
      } else {
        properties.put(name, text(value));
      }
    }
  }

  private static String text(Object value) {
    return value instanceof io.quarkus.runtime.configuration.MemorySize size
        ? String.valueOf(size.asLongValue())
        : String.valueOf(value).replaceAll("MemorySize@\\w+", "a size");
  }

  /** The documented keys of this service, with their defaults; empty where there is none. */
  private static Map<String, String> documented() throws IOException {
    String page = Files.readString(Path.of("../docs/configuration.md"));
    int start = page.indexOf("## embed-service");
    int end = page.indexOf("\n## ", start);
    Map<String, String> keys = new TreeMap<>();
    page.substring(start, end < 0 ? page.length() : end)
        .lines()
        .forEach(
            line -> {
              Matcher row = ROW.matcher(line);
              if (row.matches()) {
                keys.put(row.group(1), row.group(2) == null ? "" : row.group(2));
              }
            });
    return keys;
  }

  @Test
  void theDefaultsAreThoseThatAreDocumented() throws IOException {
    Map<String, String> given = new TreeMap<>(documented());
    assertThat(given).isNotEmpty();
    given.values().removeIf(String::isEmpty);
    assertThat(properties(given)).isEqualTo(properties(Map.of()));
  }

  @Test
  void everyKeyReachesOnePropertyOfItsOwn() throws IOException {
    assertThat(OTHER.keySet().stream().map(ConfigurationTest::asDocumented))
        .containsExactlyInAnyOrderElementsOf(documented().keySet());
    Map<String, String> defaults = properties(Map.of());
    Set<String> reached = new HashSet<>();
    OTHER.forEach(
        (key, value) -> {
          Map<String, String> changed = properties(Map.of(key, value));
          changed.entrySet().removeAll(defaults.entrySet());
          assertThat(changed).as(key).hasSize(1);
          reached.addAll(changed.keySet());
        });
    assertThat(reached).isEqualTo(defaults.keySet());
    Map<String, String> all = properties(OTHER);
    all.entrySet().removeAll(defaults.entrySet());
    assertThat(all.keySet()).isEqualTo(defaults.keySet());
  }

  private static String asDocumented(String key) {
    return key.replaceAll("\\.client\\..*", ".client.*");
  }

  @Test
  void anUnknownKeyStopsTheStart() {
    for (String key : List.of("lookalike.nonsense", "lookalike.kafka.bootstrap-server")) {
      assertThatThrownBy(() -> properties(Map.of(key, "1"))).hasMessageContaining(key);
    }
  }
}
