package dev.lookalike.cli.machine;

import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.Ports;
import dev.lookalike.cli.home.RunState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The broker and the services of one machine, as children of this process. */
final class Machine {

  /** Largest size of a log file in bytes; each child has four. */
  private static final long LOG_BYTES = 10 << 20;

  /** A little more than the services take to drain. */
  static final Duration STOP_PATIENCE = Duration.ofSeconds(20);

  private static final Duration PROGRESS_EVERY = Duration.ofSeconds(10);

  private static final int LINE_SHOWN = 300;

  private final Home home;
  private final Ports ports;
  private final Consumer<String> notes;
  private final List<Child> children;

  // Guarded by this.
  private String phase = "starting";

  Machine(
      Home home,
      Ports ports,
      List<ChildSpec> specs,
      Child.RestartPolicy policy,
      Consumer<String> notes) {
    this.home = home;
    this.ports = ports;
    this.notes = notes;
    this.children =
        specs.stream()
            .map(
                spec ->
                    new Child(
                        spec,
                        new RotatingLog(home.logs().resolve(spec.name() + ".log"), LOG_BYTES),
                        policy,
                        this::publish,
                        notes))
            .toList();
  }

  /** Starts all children at once: the services wait for the broker themselves. */
  void start() {
    publish();
    children.forEach(Child::start);
  }

  /**
   * Waits until every child has been ready once.
   *
   * @return why it is not ready: a child that ended early, with its last log lines, or a timeout
   */
  Optional<String> awaitReady(Duration patience) {
    long begin = System.nanoTime();
    long noted = begin;
    while (true) {
      for (Child child : children) {
        if (child.state() == Child.State.FAILED && !child.wasReady()) {
          return Optional.of(
              child.spec().name()
                  + " ended before it was ready. Its last lines:\n  "
                  + child.tail().stream()
                      .map(Machine::shortened)
                      .collect(Collectors.joining("\n  ")));
        }
      }
      List<Child> missing = children.stream().filter(c -> !c.wasReady()).toList();
      if (missing.isEmpty()) {
        synchronized (this) {
          phase = "ready";
        }
        publish();
        return Optional.empty();
      }
      long now = System.nanoTime();
      String what =
          missing.stream()
              .map(c -> c.spec().name() + (c.waitsFor().isEmpty() ? "" : " (" + c.waitsFor() + ")"))
              .collect(Collectors.joining(", "));
      if (now - begin > patience.toNanos()) {
        return Optional.of("not ready after " + patience.toSeconds() + " s: " + what);
      }
      if (now - noted > PROGRESS_EVERY.toNanos()) {
        noted = now;
        notes.accept("waiting for " + what);
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Optional.of("interrupted");
      }
    }
  }

  /**
   * Stops the children stage by stage, all children of a stage at once. Returns when all are gone.
   *
   * @param patience for each child before it is killed
   */
  void stop(Duration patience) {
    synchronized (this) {
      phase = "stopping";
    }
    publish();
    TreeMap<Integer, List<Child>> stages =
        children.stream()
            .collect(
                Collectors.groupingBy(
                    c -> c.spec().stopStage(), TreeMap::new, Collectors.toList()));
    stages.forEach(
        (stage, members) -> {
          members.forEach(Child::requestStop);
          for (Child child : members) {
            if (!child.awaitStopped(patience)) {
              notes.accept(
                  "%s did not end within %d s and was killed"
                      .formatted(child.spec().name(), patience.toSeconds()));
            }
          }
        });
    try {
      Files.deleteIfExists(home.runFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String shortened(String line) {
    return line.length() > LINE_SHOWN ? line.substring(0, LINE_SHOWN) + "..." : line;
  }

  private synchronized void publish() {
    Map<String, RunState.ChildState> states = new LinkedHashMap<>();
    children.forEach(c -> states.put(c.spec().name(), c.snapshot()));
    new RunState(ProcessHandle.current().pid(), phase, ports, states).write(home);
  }
}
