package dev.lookalike.access;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The keys of a file that is watched: changes take effect a moment later. While the file cannot be
 * used, the last valid keys apply. Thread-safe.
 */
public final class KeyRing implements AutoCloseable {
  /** Compared if an id is unknown, so that both cases take equally long. */
  private static final String NOBODY = "0".repeat(64);

  private final Path file;
  private final InstantSource clock;
  private final Consumer<String> notes;
  private final Thread follower;

  private volatile Map<String, AccessKey> keys;
  private volatile Optional<String> trouble = Optional.empty();
  private byte[] seen;

  /** What is known about the sender of a key. */
  public sealed interface Holder {
    /** The key is in the file and valid. */
    record Known(AccessKey key) implements Holder {}

    /** The key is in the file, but has expired. */
    record Expired(AccessKey key) implements Holder {}

    /** The text is not a key, or the key is not in the file. */
    record Unknown() implements Holder {}
  }

  /**
   * Reads the file, and checks it for changes from time to time.
   *
   * @param notes receives one sentence for the operator at each change
   * @throws KeyFile.UnusableException if it cannot be used now
   */
  public KeyRing(Path file, Duration lookEvery, InstantSource clock, Consumer<String> notes)
      throws KeyFile.UnusableException {
    this.file = file;
    this.clock = clock;
    this.notes = notes;
    this.seen = KeyFile.bytes(file);
    this.keys = byId(KeyFile.parse(seen));
    this.follower =
        Thread.ofPlatform().name("access-keys").daemon().unstarted(() -> follow(lookEvery));
    this.follower.start();
  }

  private static Map<String, AccessKey> byId(List<AccessKey> keys) {
    return keys.stream().collect(Collectors.toUnmodifiableMap(AccessKey::id, Function.identity()));
  }

  /** The holder of this key text; the secret is compared in constant time. */
  public Holder holder(String text) {
    Optional<KeyText> shown = KeyText.read(text);
    if (shown.isEmpty()) {
      return new Holder.Unknown();
    }
    AccessKey kept = keys.get(shown.get().id());
    boolean same = shown.get().hasSha256(kept == null ? NOBODY : kept.sha256());
    if (kept == null || !same) {
      return new Holder.Unknown();
    }
    return kept.expired(clock.instant()) ? new Holder.Expired(kept) : new Holder.Known(kept);
  }

  /** Number of the current keys, including expired ones. */
  public int size() {
    return keys.size();
  }

  /** Why the file cannot be used; empty while it can. */
  public Optional<String> trouble() {
    return trouble;
  }

  private void follow(Duration lookEvery) {
    try {
      while (true) {
        Thread.sleep(lookEvery);
        look();
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  private void look() {
    byte[] now;
    try {
      now = KeyFile.bytes(file);
      if (trouble.isEmpty() && Arrays.equals(now, seen)) {
        return;
      }
      keys = byId(KeyFile.parse(now));
    } catch (KeyFile.UnusableException e) {
      Optional<String> before = trouble;
      trouble = Optional.of(e.reason());
      if (!before.equals(trouble)) {
        notes.accept(
            "using the last valid access keys; %s cannot be used: %s".formatted(file, e.reason()));
      }
      return;
    }
    seen = now;
    trouble = Optional.empty();
    notes.accept("read %d access keys again from %s".formatted(keys.size(), file));
  }

  @Override
  public void close() {
    follower.interrupt();
  }
}
