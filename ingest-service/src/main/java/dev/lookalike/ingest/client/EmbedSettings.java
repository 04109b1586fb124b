package dev.lookalike.ingest.client;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** The embed service, which knows the models. */
@ConfigMapping(prefix = "lookalike.embed")
public interface EmbedSettings {
  /** Where its gRPC listens, host:port; asked for the models that it serves. */
  @WithDefault("127.0.0.1:8712")
  String address();

  /** Longest time for one answer of it. */
  @WithDefault("2s")
  Duration timeout();
}
