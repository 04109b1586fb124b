package dev.lookalike.cli.machine;

import dev.lookalike.cli.home.Home;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.util.Optional;

/**
 * Free and total space on the disk of a home, in bytes.
 *
 * @param usable by this user
 */
record DiskSpace(long usable, long total) {

  private static final long GIB = 1L << 30;

  static DiskSpace of(Home home) throws IOException {
    FileStore store = Files.getFileStore(home.directory());
    return new DiskSpace(store.getUsableSpace(), store.getTotalSpace());
  }

  /**
   * Below this the disk counts as nearly full: 5 % of it, but at least 1 GiB and at most 10 GiB.
   */
  long low() {
    return Math.clamp(total / 20, GIB, 10 * GIB);
  }

  Optional<String> warning(Home home) {
    return usable >= low()
        ? Optional.empty()
        : Optional.of(
            "the disk of %s is nearly full: %.1f GiB free of %.1f GiB"
                .formatted(home.directory(), (double) usable / GIB, (double) total / GIB));
  }
}
