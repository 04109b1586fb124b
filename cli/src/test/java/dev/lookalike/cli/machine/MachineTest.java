package dev.lookalike.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.broker.FreePorts;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.Ports;
import dev.lookalike.cli.home.RunState;
import java.io.BufferedReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Child.RestartPolicy QUICK =
      new Child.RestartPolicy(Duration.ofMillis(20), Duration.ofMinutes(1), 2);

  @TempDir Path directory;
  private Home home = new Home(Path.of(""));
  private final List<String> notes = new CopyOnWriteArrayList<>();

  @BeforeEach
  void open() {
    home = new Home(directory.resolve("home"));
    home.open();
  }

  static ChildSpec tiny(String name, int port, Path ended, int stopStage) {
    return new ChildSpec(
        name,
        List.of(
            Distribution.java().toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            TinyService.class.getName(),
            name,
            Integer.toString(port),
            ended.toString()),
        Map.of(),
        new ChildSpec.Readiness.Answers(URI.create("http://127.0.0.1:" + port)),
        stopStage);
  }

  private Machine machine(List<ChildSpec> specs) {
    return new Machine(home, Ports.of(20_000, Map.of()), specs, QUICK, notes::add);
  }

  private RunState.ChildState child(String name) {
    return Optional.ofNullable(RunState.read(home).orElseThrow().children().get(name))
        .orElseThrow();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(until);
      Thread.sleep(20);
    }
  }

  @Test
  void startsAllRestartsTheDeadAndStopsInOrder() throws Exception {
    Path ended = directory.resolve("ended");
    Machine machine =
        machine(
            List.of(
                tiny("last", FreePorts.next(), ended, 2),
                tiny("middle", FreePorts.next(), ended, 1),
                tiny("first", FreePorts.next(), ended, 0)));
    machine.start();
    assertThat(machine.awaitReady(PATIENCE)).isEmpty();
    assertThat(RunState.read(home).orElseThrow().phase()).isEqualTo("ready");

    long pid = child("middle").pid();
    ProcessHandle.of(pid).orElseThrow().destroyForcibly();
    await(() -> child("middle").restarts() == 1 && child("middle").state().equals("ready"));
    assertThat(child("middle").pid()).isNotEqualTo(pid);
    assertThat(child("first").restarts()).isZero();
    assertThat(notes).anyMatch(n -> n.startsWith("middle ended (signal 9)"));

    machine.stop(PATIENCE);
    assertThat(ended).hasContent("first\nmiddle\nlast\n");
    assertThat(home.runFile()).doesNotExist();
    assertThat(home.logs().resolve("middle.log")).content().contains("READY middle");
  }

  @Test
  void aChildThatDiesAgainAndAgainIsGivenUpAndTheRestGoesOn() throws Exception {
    Path flag = directory.resolve("flag");
    int port = FreePorts.next();
    ChildSpec moody =
        new ChildSpec(
            "moody",
            List.of(
                "/bin/sh",
                "-c",
                "if [ -e " + flag + " ]; then exit 7; fi; echo up; sleep 0.3; touch " + flag),
            Map.of(),
            new ChildSpec.Readiness.Says("up"::equals),
            0);
    Machine machine = machine(List.of(moody, tiny("steady", port, directory.resolve("ended"), 0)));
    machine.start();
    assertThat(machine.awaitReady(PATIENCE)).isEmpty();
    await(() -> child("moody").state().equals("failed"));
    assertThat(child("moody").restarts()).isEqualTo(2);
    assertThat(child("steady").state()).isEqualTo("ready");
    assertThat(notes)
        .anyMatch(n -> n.contains("will not be restarted") && n.contains("lookalike logs moody"));
    machine.stop(PATIENCE);
  }

  @Test
  void aChildThatNeverComesUpEndsTheStartWithItsLastWords() throws Exception {
    ChildSpec broken =
        new ChildSpec(
            "broken",
            List.of("/bin/sh", "-c", "echo no such model; exit 3"),
            Map.of(),
            new ChildSpec.Readiness.Says("up"::equals),
            0);
    Machine machine = machine(List.of(broken));
    machine.start();
    assertThat(machine.awaitReady(PATIENCE).orElseThrow())
        .contains("broken ended before it was ready", "no such model");
    machine.stop(PATIENCE);
  }

  @Test
  void noChildOutlivesAKilledSupervisor() throws Exception {
    int port = FreePorts.next();
    Process supervisor =
        new ProcessBuilder(
                Distribution.java().toString(),
                "-cp",
                System.getProperty("java.class.path"),
                TinySupervisor.class.getName(),
                home.directory().toString(),
                Integer.toString(port))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader lines = supervisor.inputReader()) {
      assertThat(lines.readLine()).isEqualTo("ready");
      long child = child("child").pid();
      assertThat(ProcessHandle.of(child)).isPresent();
      supervisor.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      await(() -> ProcessHandle.of(child).isEmpty());
      assertThat(home.directory().resolve("ended")).hasContent("child");
    } finally {
      supervisor.destroyForcibly();
    }
  }

  @Test
  void theHolderOfAPortIsNamed() throws Exception {
    try (ServerSocket held = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      PortHolder holder = PortHolder.of(held.getLocalPort()).orElseThrow();
      assertThat(holder.pid()).isEqualTo(ProcessHandle.current().pid());
      assertThat(holder.text()).contains("java");
    }
    assertThat(PortHolder.of(FreePorts.next())).isEmpty();
  }

  @Test
  void logsAreCutIntoFiles() throws Exception {
    try (RotatingLog log = new RotatingLog(home.logs().resolve("x.log"), 100)) {
      for (int i = 0; i < 60; i++) {
        log.line("line number " + i);
      }
      assertThat(log.tail()).hasSize(15).last().isEqualTo("line number 59");
    }
    assertThat(home.logs().resolve("x.log")).content().contains("line number 59");
    assertThat(home.logs().resolve("x.log.3")).exists();
    assertThat(home.logs().resolve("x.log.4")).doesNotExist();
    assertThat(Files.size(home.logs().resolve("x.log.1"))).isLessThanOrEqualTo(100);
  }
}
