package dev.lookalike.service.access;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Who may ask, and as whom this service asks the others. */
@ConfigMapping(prefix = "lookalike.access")
public interface AccessSettings {
  /**
   * File of the access keys, as `lookalike key create` writes it. With it every request needs a
   * key, on loopback too, but for health. Without it none is needed, and the service listens on
   * loopback only.
   */
  Optional<Path> keysFile();

  /** How often the files of keys are looked at: a revoked key opens nothing after so long. */
  @WithDefault("2s")
  Duration reloadEvery();

  /** Whether `/q/metrics` needs no key, for a Prometheus that has none. */
  @WithDefault("false")
  boolean openMetrics();

  /** Key that this service shows to the other services; needs the role reader in `*`. */
  Optional<String> serviceKey();

  /** File that holds it instead, with nothing else; a new one counts after `reload-every`. */
  Optional<Path> serviceKeyFile();
}
