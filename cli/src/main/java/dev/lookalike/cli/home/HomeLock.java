package dev.lookalike.cli.home;

import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * At most one supervisor, backup or restore works in a home. The operating system releases the lock
 * when its holder dies.
 */
public final class HomeLock implements AutoCloseable {

  private final FileChannel channel;

  private HomeLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Empty if another process or this one holds the lock. */
  public static Optional<HomeLock> tryTake(Home home) {
    try {
      FileChannel channel =
          FileChannel.open(home.lockFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      boolean taken = false;
      try {
        FileLock lock = channel.tryLock();
        taken = lock != null;
      } catch (OverlappingFileLockException e) {
        // Held by this process.
      } finally {
        if (!taken) {
          channel.close();
        }
      }
      return taken ? Optional.of(new HomeLock(channel)) : Optional.empty();
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.FAILED, "HOME_UNUSABLE", "cannot lock " + home.lockFile() + ": " + e);
    }
  }

  /** Whether somebody holds the lock. */
  public static boolean isTaken(Home home) {
    if (!home.exists()) {
      return false;
    }
    Optional<HomeLock> lock = tryTake(home);
    lock.ifPresent(HomeLock::close);
    return lock.isEmpty();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
