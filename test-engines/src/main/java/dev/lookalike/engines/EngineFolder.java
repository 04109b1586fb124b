package dev.lookalike.engines;

import java.nio.file.Path;

/** The folder in which {@code scripts/engines} installs engines. */
public final class EngineFolder {
  private EngineFolder() {}

  /** The folder; the script reads the same environment variables in the same order. */
  public static Path path() {
    return EngineOrder.variable("LOOKALIKE_CACHE")
        .map(Path::of)
        .orElseGet(
            () ->
                EngineOrder.variable("XDG_CACHE_HOME")
                    .map(Path::of)
                    .orElseGet(() -> Path.of(home(), ".cache"))
                    .resolve("lookalike"))
        .resolve("engines");
  }

  /** Java's own property is the home of the account, whatever HOME says. */
  private static String home() {
    return EngineOrder.variable("HOME").orElseGet(() -> System.getProperty("user.home"));
  }
}
