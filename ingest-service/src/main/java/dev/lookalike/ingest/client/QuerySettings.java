package dev.lookalike.ingest.client;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** The query service, which knows what became of an image. */
@ConfigMapping(prefix = "lookalike.query")
public interface QuerySettings {
  /** Where its gRPC listens, host:port. */
  @WithDefault("127.0.0.1:8713")
  String address();

  /** Longest time for one answer of it. */
  @WithDefault("5s")
  Duration timeout();
}
