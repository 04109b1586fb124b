package dev.lookalike.query;

import dev.lookalike.query.search.SearchSettings;
import dev.lookalike.query.store.IndexSettings;
import dev.lookalike.service.admission.RequestSettings;
import dev.lookalike.service.kafka.ClientSettings;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;

/**
 * What this service is for: {@code lookalike.*}. A key that no interface of settings has stops the
 * start, so that a misspelt one is not silently without effect.
 */
@ConfigMapping(prefix = "lookalike")
public interface QuerySettings {
  ClientSettings kafka();

  IndexSettings index();

  SearchSettings search();

  EmbedSettings embed();

  /** What requests may hold while they arrive and are worked on. */
  RequestSettings intake();

  /** Where ingest-service is reached by whoever shows the images; begins the URLs in answers. */
  @WithDefault("http://127.0.0.1:8701")
  URI contentUrl();

  /** How embed-service is reached: {@code lookalike.embed.*}. */
  interface EmbedSettings {
    /** Host and port of its gRPC. */
    @WithDefault("127.0.0.1:8712")
    String address();
  }
}
