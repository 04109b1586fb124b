package dev.lookalike.cli.home;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.cli.terminal.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeTest {

  @TempDir Path directory;

  @Test
  void anotherFormatAndAForeignDirectoryAreRefused() throws IOException {
    Home home = new Home(directory.resolve("home"));
    home.open();
    home.open();
    Files.writeString(home.formatFile(), "2\n");
    assertThatThrownBy(home::open)
        .isInstanceOf(CommandFailure.class)
        .hasMessageContainingAll("format 2", "format 1");
    Path foreign = Files.createDirectories(directory.resolve("foreign"));
    Files.writeString(foreign.resolve("thesis.txt"), "mine");
    assertThatThrownBy(() -> new Home(foreign).open())
        .hasMessageContaining("not a home of lookalike");
    assertThat(foreign.resolve("format")).doesNotExist();
  }

  @Test
  void aDirectoryWithModelsOnlyBecomesAHome() throws IOException {
    Path trained = Files.createDirectories(directory.resolve("new/models/digits"));
    Home home = new Home(directory.resolve("new"));
    home.open();
    assertThat(home.exists()).isTrue();
    assertThat(trained).exists();
  }

  @Test
  void oneHolderAtATime() {
    Home home = new Home(directory);
    home.open();
    assertThat(HomeLock.isTaken(home)).isFalse();
    try (HomeLock held = HomeLock.tryTake(home).orElseThrow()) {
      assertThat(held).isNotNull();
      assertThat(HomeLock.tryTake(home)).isEmpty();
      assertThat(HomeLock.isTaken(home)).isTrue();
    }
    assertThat(HomeLock.isTaken(home)).isFalse();
  }

  @Test
  void settingsAndRunStateComeBackAsWritten() {
    Home home = new Home(directory);
    home.open();
    assertThat(Settings.read(home).models()).isEmpty();
    Ports ports = Ports.of(9_700, Map.of(Ports.Listener.BROKER, 4_000));
    Settings settings =
        new Settings(
            List.of(Path.of("/models/a"), Path.of("builtin"), directory.resolve("models/0/b")),
            ports,
            Optional.of("http://milvus:19530"));
    settings.write(home);
    assertThat(Settings.read(home)).isEqualTo(settings);
    assertThat(Settings.read(home).ports().of(Ports.Listener.QUERY)).isEqualTo(9_703);

    assertThat(RunState.read(home)).isEmpty();
    RunState state =
        new RunState(12, "ready", ports, Map.of("broker", new RunState.ChildState(13, "ready", 2)));
    state.write(home);
    assertThat(RunState.read(home)).contains(state);
  }

  @Test
  void twoListenersOnOnePortAreRefused() {
    assertThatThrownBy(() -> Ports.of(9_700, Map.of(Ports.Listener.BROKER, 9_701)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
