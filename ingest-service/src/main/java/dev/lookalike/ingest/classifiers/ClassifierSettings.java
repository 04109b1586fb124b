package dev.lookalike.ingest.classifiers;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;

/** Classifiers that collections are taught. */
@ConfigMapping(prefix = "lookalike.classifiers")
public interface ClassifierSettings {
  /**
   * Bytes of a classifier, at most: four for each class and dimension, one for each reference of
   * its gate and dimension. It is one record of the log, so no more than the broker takes in one
   * request (socket.request.max.bytes); the topic of a collection keeps the limit that it was made
   * with.
   */
  @WithDefault("6M")
  MemorySize maxBytes();

  /** Classes of a classifier, at most. */
  @WithDefault("1000")
  @Min(2)
  @Max(100_000)
  int maxClasses();
}
