package dev.lookalike.embed.model;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Min;
import java.util.Optional;

/** The CUDA device, where one is asked for. */
@ConfigMapping(prefix = "lookalike.cuda")
public interface CudaSettings {
  /** Number of the device, from 0, as CUDA counts those that it is shown. */
  @WithDefault("0")
  @Min(0)
  int deviceId();

  /**
   * Memory of the device that each model may take for weights and batches, at most. Without it a
   * model grows with its largest batch; give every model its share where several are served.
   */
  Optional<MemorySize> memoryLimit();
}
