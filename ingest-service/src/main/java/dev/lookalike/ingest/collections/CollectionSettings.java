package dev.lookalike.ingest.collections;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;

/** What a collection gets where its creator says nothing. Later changes leave it as it is. */
@ConfigMapping(prefix = "lookalike.collections")
public interface CollectionSettings {
  /** Partitions of each topic: how many instances of the embed service can share the work. */
  @WithDefault("4")
  @Min(1)
  @Max(1024)
  int partitions();

  /** Whether uploaded bytes are kept beside the canonical image. */
  @WithDefault("false")
  boolean keepOriginals();

  /** Pixels of the canonical image's short side, at most. 256 to 1024. */
  @WithDefault("512")
  @Min(256)
  @Max(1024)
  int shortSide();

  /** Pixels of its long side, at most. 256 to 16384. */
  @WithDefault("4096")
  @Min(256)
  @Max(16_384)
  int longSide();

  /** JPEG quality of the first rung of the ladder. 50 to 100. */
  @WithDefault("90")
  @Min(50)
  @Max(100)
  int jpegQuality();

  /** Bytes of the canonical image, at most. 64K to 1M: a record holds it whole. */
  @WithDefault("1M")
  MemorySize maxBytes();

  /**
   * How long the answer to a creation waits until a model is bound and the collection can be
   * searched; after that it says that it is not. Not waited for while the embed service is away.
   */
  @WithDefault("5s")
  Duration bindWait();
}
