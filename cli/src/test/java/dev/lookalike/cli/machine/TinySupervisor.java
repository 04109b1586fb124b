package dev.lookalike.cli.machine;

import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.Ports;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A supervisor in its own process, for tests that kill it. */
final class TinySupervisor {

  private TinySupervisor() {}

  /** Arguments: home, port of the child. */
  public static void main(String[] args) throws InterruptedException {
    Home home = new Home(Path.of(args[0]));
    home.open();
    Machine machine =
        new Machine(
            home,
            Ports.of(20_000, Map.of()),
            List.of(
                MachineTest.tiny(
                    "child", Integer.parseInt(args[1]), home.directory().resolve("ended"), 0)),
            Child.RestartPolicy.DEFAULT,
            System.out::println);
    machine.start();
    System.out.println(machine.awaitReady(Duration.ofSeconds(30)).orElse("ready"));
    Thread.sleep(Duration.ofMinutes(5));
  }
}
