package dev.lookalike.query.server;

import dev.lookalike.query.search.SearchSettings;
import dev.lookalike.query.sink.IndexSettings;
import dev.lookalike.query.sink.KafkaSettings;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.time.Duration;

/**
 * Everything that can be set: {@code lookalike.*}. A key that is not here stops the start, so that
 * a misspelt one is not silently without effect.
 */
@ConfigMapping(prefix = "lookalike")
public interface QuerySettings {
  KafkaSettings kafka();

  IndexSettings index();

  SearchSettings search();

  EmbedSettings embed();

  /** Where ingest-service is reached by whoever shows the images; begins the URLs in answers. */
  @WithDefault("http://127.0.0.1:8701")
  URI contentUrl();

  /**
   * Whether it may listen elsewhere than on loopback without access keys: whoever reaches the ports
   * may then read everything. With keys it may in any case.
   */
  @WithDefault("false")
  boolean allowRemote();

  /** Whether to drain and exit when standard input ends, so that no orphan stays. */
  @WithDefault("false")
  boolean exitWithParent();

  /**
   * How long the process is at rest before it gives the heap that its work took back to the system,
   * by one whole collection; 0s: never.
   */
  @WithDefault("5s")
  Duration idleTrimAfter();

  /** How embed-service is reached: {@code lookalike.embed.*}. */
  interface EmbedSettings {
    /** Host and port of its gRPC. */
    @WithDefault("127.0.0.1:8712")
    String address();
  }
}
