package dev.lookalike.embed.health;

import java.util.Optional;

/** How far the start has come. Thread-safe. */
public final class Startup {
  private volatile Optional<String> trouble = Optional.of("the models are being loaded");

  /** Why the service is not up; empty when it is. */
  Optional<String> trouble() {
    return trouble;
  }

  /** Everything was started. */
  public void done() {
    trouble = Optional.empty();
  }

  /** The start came to nothing. */
  public void failed(String reason) {
    trouble = Optional.of(reason);
  }
}
