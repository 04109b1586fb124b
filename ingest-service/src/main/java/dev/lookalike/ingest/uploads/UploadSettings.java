package dev.lookalike.ingest.uploads;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** How much may be uploaded, and how much of it at once. */
@ConfigMapping(prefix = "lookalike.uploads")
public interface UploadSettings {
  /** Bytes of one image, at most. 1K to 256M. */
  @WithDefault("32M")
  MemorySize maxImageBytes();

  /** Pixels of one image, at most; looked at before any is decoded. */
  @WithDefault("50000000")
  @Min(1)
  long maxPixels();

  /** Uploads in work, at most; more are refused with FULL. */
  @WithDefault("128")
  @Min(1)
  @Max(100_000)
  int maxRequests();

  /**
   * Bytes of uploads in work, at most; more are refused with FULL. An upload of unknown length
   * counts as the largest that is allowed. At least one such upload must fit; the heap must hold
   * them all. Default: two fifths of the largest heap.
   */
  Optional<MemorySize> maxBytes();

  /** Longest time for the bytes of one upload to arrive. */
  @WithDefault("60s")
  Duration readTimeout();

  /** Longest pause of a gRPC upload in the middle of a message; HTTP: quarkus.http.read-timeout. */
  @WithDefault("10s")
  Duration stallTimeout();

  /** Images that are decoded at once, at most. Default: the number of processors. */
  OptionalInt decoders();
}
