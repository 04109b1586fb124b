package dev.lookalike.embed.teaching;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Min;
import java.time.Duration;

/** Classifiers that collections were taught. */
@ConfigMapping(prefix = "lookalike.teaching")
public interface TeachingSettings {
  /**
   * Bytes of all classifiers together, as they lie in the log: those of further collections are not
   * used, and say so. They stay in the heap; raise it together with this.
   */
  @WithDefault("64M")
  MemorySize maxBytes();

  /** How often it is looked whether a collection has been taught for the first time. */
  @WithDefault("1s")
  Duration lookEvery();

  /**
   * Images that were there before, between two records of the progress with them: what a restart
   * does again at most.
   */
  @WithDefault("10000")
  @Min(1)
  int progressEvery();
}
