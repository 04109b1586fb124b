package dev.lookalike.ingest.collections;

import dev.lookalike.log.RegistryView;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** The registry of collections, followed. Thread-safe. */
public interface Registry {
  /** Everything that the registry says, of one moment. */
  RegistryView view();

  /** Whether everything that the topic held when it was first read is in the view. */
  boolean caughtUp();

  /** The offset of the record that is read next: those before are in the view. */
  long position();

  /** Why it cannot be read, where the broker says so; empty when it can, or nothing is known. */
  Optional<String> problem();

  /**
   * Waits until the registry has brought about a condition, which is tried after each change.
   *
   * @return whether it holds; false when it took too long
   */
  boolean await(BooleanSupplier reached, Duration atMost);
}
