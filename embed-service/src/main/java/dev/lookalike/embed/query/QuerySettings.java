package dev.lookalike.embed.query;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;

/** Embedding of query images. */
@ConfigMapping(prefix = "lookalike.online")
public interface QuerySettings {
  /** Query images in work or waiting, at most; one more is refused as FULL. At least 16. */
  @WithDefault("32")
  @Min(16)
  @Max(4096)
  int maxImages();

  /** Query images that are decoded at the same time, at most; 0: one for each core. */
  @WithDefault("0")
  @Min(0)
  @Max(256)
  int decoders();

  /** Longest wait of a query image for its embedding; over it the answer is FULL. */
  @WithDefault("10s")
  Duration timeout();

  /** Bytes of a query image, at most. */
  @WithDefault("32M")
  MemorySize maxImageBytes();

  /** Pixels of a query image, at most, as its header states them. */
  @WithDefault("50000000")
  @Min(1)
  @Max(1000000000)
  long maxPixels();
}
