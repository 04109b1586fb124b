package dev.lookalike.query.search;

import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Min;
import java.time.Duration;

/** Bounds of the work that clients can ask for: {@code lookalike.search.*}. */
public interface SearchSettings {
  /** Requests that read the index at the same time; one more is refused as FULL. */
  @WithDefault("32")
  @Min(1)
  int maxConcurrent();

  /** Requests with query images at the same time; one more is refused as FULL. */
  @WithDefault("8")
  @Min(1)
  int maxConcurrentImages();

  /**
   * Requests that wait for tokens at the same time, and those that wait for a new collection; one
   * more is refused as FULL.
   */
  @WithDefault("256")
  @Min(1)
  int maxWaiting();

  /** How long embed-service may take for the query images of a request. */
  @WithDefault("15s")
  Duration embedTimeout();

  /**
   * How long a request waits for the index of a collection or build that appeared a moment ago,
   * counted from its appearance: what has been missing for longer is refused at once.
   */
  @WithDefault("5s")
  Duration bindWait();

  /** How long a comparison of an index with the log may take to read the log. */
  @WithDefault("30m")
  Duration comparePatience();
}
