package dev.lookalike.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.ingest.blobs.BlobSettings;
import dev.lookalike.ingest.blobs.S3Settings;
import dev.lookalike.ingest.classifiers.ClassifierSettings;
import dev.lookalike.ingest.client.EmbedSettings;
import dev.lookalike.ingest.client.QuerySettings;
import dev.lookalike.ingest.collections.CollectionSettings;
import dev.lookalike.ingest.log.KafkaSettings;
import dev.lookalike.ingest.uploads.UploadSettings;
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
          BlobSettings.class,
          ClassifierSettings.class,
          CollectionSettings.class,
          EmbedSettings.class,
          KafkaSettings.class,
          ProcessSettings.class,
          S3Settings.class,
          QuerySettings.class,
          UploadSettings.class);

  /** Each key with a value that is not its default. */
  private static final Map<String, String> OTHER =
      Map.ofEntries(
          Map.entry("lookalike.access.keys-file", "keys.json"),
          Map.entry("lookalike.access.open-metrics", "true"),
          Map.entry("lookalike.access.reload-every", "1s"),
          Map.entry("lookalike.access.service-key", "lk_x"),
          Map.entry("lookalike.access.service-key-file", "service.key"),
          Map.entry("lookalike.allow-remote", "true"),
          Map.entry("lookalike.blobs.directory", "elsewhere"),
          Map.entry("lookalike.blobs.grace", "48h"),
          Map.entry("lookalike.blobs.s3.access-key-id", "id"),
          Map.entry("lookalike.blobs.s3.attempt-timeout", "1s"),
          Map.entry("lookalike.blobs.s3.attempts", "5"),
          Map.entry("lookalike.blobs.s3.bucket", "originals"),
          Map.entry("lookalike.blobs.s3.conditional-puts", "false"),
          Map.entry("lookalike.blobs.s3.encryption", "aws-kms"),
          Map.entry("lookalike.blobs.s3.endpoint", "https://store:9000"),
          Map.entry("lookalike.blobs.s3.kms-key-id", "key"),
          Map.entry("lookalike.blobs.s3.multipart-above", "64M"),
          Map.entry("lookalike.blobs.s3.part-size", "32M"),
          Map.entry("lookalike.blobs.s3.path-style", "true"),
          Map.entry("lookalike.blobs.s3.prefix", "lookalike/"),
          Map.entry("lookalike.blobs.s3.region", "eu-central-1"),
          Map.entry("lookalike.blobs.s3.secret-access-key", "secret"),
          Map.entry("lookalike.blobs.s3.timeout", "60s"),
          Map.entry("lookalike.blobs.sweep-every", "1h"),
          Map.entry("lookalike.classifiers.max-bytes", "2M"),
          Map.entry("lookalike.classifiers.max-classes", "50"),
          Map.entry("lookalike.collections.bind-wait", "1s"),
          Map.entry("lookalike.collections.jpeg-quality", "80"),
          Map.entry("lookalike.collections.keep-originals", "true"),
          Map.entry("lookalike.collections.long-side", "2048"),
          Map.entry("lookalike.collections.max-bytes", "512K"),
          Map.entry("lookalike.collections.partitions", "8"),
          Map.entry("lookalike.collections.short-side", "256"),
          Map.entry("lookalike.embed.address", "embed:8712"),
          Map.entry("lookalike.embed.timeout", "9s"),
          Map.entry("lookalike.exit-with-parent", "true"),
          Map.entry("lookalike.idle-trim-after", "1m"),
          Map.entry("lookalike.kafka.bootstrap-servers", "broker:9092"),
          Map.entry("lookalike.kafka.buffer-memory", "32M"),
          Map.entry("lookalike.kafka.client-file", "client.properties"),
          Map.entry("lookalike.kafka.client.security.protocol", "SSL"),
          Map.entry("lookalike.kafka.create-topics", "false"),
          Map.entry("lookalike.kafka.min-insync-replicas", "2"),
          Map.entry("lookalike.kafka.replication-factor", "3"),
          Map.entry("lookalike.kafka.delivery-timeout", "30s"),
          Map.entry("lookalike.kafka.probe-every", "2s"),
          Map.entry("lookalike.kafka.read-timeout", "6s"),
          Map.entry("lookalike.kafka.readers", "2"),
          Map.entry("lookalike.query.address", "query:8713"),
          Map.entry("lookalike.query.timeout", "7s"),
          Map.entry("lookalike.uploads.decoders", "3"),
          Map.entry("lookalike.uploads.max-bytes", "64M"),
          Map.entry("lookalike.uploads.max-image-bytes", "16M"),
          Map.entry("lookalike.uploads.max-pixels", "1000"),
          Map.entry("lookalike.uploads.max-requests", "5"),
          Map.entry("lookalike.uploads.read-timeout", "20s"),
          Map.entry("lookalike.uploads.stall-timeout", "3s"));

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
    int start = page.indexOf("## ingest-service");
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
