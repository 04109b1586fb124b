package dev.lookalike.embed.model;

import io.smallrye.config.ConfigMapping;
import java.nio.file.Path;
import java.util.Optional;

/** Models that come while the service runs. */
@ConfigMapping(prefix = "lookalike.models")
public interface ModelDirectorySettings {
  /**
   * Folder of model folders, served behind those of {@code lookalike.models}. One that appears
   * while the service runs is served within seconds: make it elsewhere on the same file system and
   * rename it in. Names that begin with a dot are left alone.
   */
  Optional<Path> directory();
}
