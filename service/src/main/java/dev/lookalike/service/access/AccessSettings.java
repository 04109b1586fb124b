package dev.lookalike.service.access;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Who may call this service, and the key with which it calls the others. */
@ConfigMapping(prefix = "lookalike.access")
public interface AccessSettings {
  /**
   * File of the access keys, as `lookalike key create` writes it. If set, every request except
   * health checks requires a key, on loopback too. If not, no key is required and the service
   * listens on loopback only.
   */
  Optional<Path> keysFile();

  /**
   * How often the key files are checked for changes: a revoked key stops working within this time.
   */
  @WithDefault("2s")
  Duration reloadEvery();

  /** Whether `/q/metrics` is open without a key, for a Prometheus that has none. */
  @WithDefault("false")
  boolean openMetrics();

  /** Key that this service sends to the other services; it needs the role reader in `*`. */
  Optional<String> serviceKey();

  /**
   * File that holds only this key, instead of `service-key`; a new key takes effect within
   * `reload-every`.
   */
  Optional<Path> serviceKeyFile();
}
