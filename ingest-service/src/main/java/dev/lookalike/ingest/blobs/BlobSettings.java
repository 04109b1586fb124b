package dev.lookalike.ingest.blobs;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;

/** Where uploaded bytes are kept, for the collections that keep them. */
@ConfigMapping(prefix = "lookalike.blobs")
public interface BlobSettings {
  /** Folder; created when it is needed. */
  @WithDefault("data/blobs")
  Path directory();

  /** Time between two looks for originals that no image has any more. */
  @WithDefault("6h")
  Duration sweepEvery();

  /**
   * Age below which an original is left alone, since its image may not be in the index yet. Longer
   * than the index is ever behind.
   */
  @WithDefault("24h")
  Duration grace();
}
