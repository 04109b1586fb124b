package dev.lookalike.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.cli.home.Home;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskSpaceTest {
  private static final long GIB = 1L << 30;

  @TempDir private Path directory;

  @Test
  void warnsBeforeTheDiskIsFull() {
    Home home = new Home(directory);
    assertThat(new DiskSpace(6 * GIB, 100 * GIB).warning(home)).isEmpty();
    assertThat(new DiskSpace(4 * GIB, 100 * GIB).warning(home))
        .hasValue("the disk of " + directory + " is nearly full: 4.0 GiB free of 100.0 GiB");
    // 10 GiB are enough on a large disk; a small one needs 1 GiB.
    assertThat(new DiskSpace(11 * GIB, 1000 * GIB).warning(home)).isEmpty();
    assertThat(new DiskSpace(9 * GIB, 1000 * GIB).warning(home)).isPresent();
    assertThat(new DiskSpace(GIB - 1, 10 * GIB).warning(home)).isPresent();
  }
}
