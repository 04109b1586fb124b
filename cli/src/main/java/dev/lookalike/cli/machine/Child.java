package dev.lookalike.cli.machine;

import dev.lookalike.cli.home.RunState.ChildState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A child process with its own thread, which starts it, watches it and restarts it when it dies,
 * until it is stopped or has failed too often. Its standard input is a pipe that this process holds
 * and never writes to: when this process ends for any reason, the child sees the end of its input
 * and exits, too.
 */
final class Child {

  enum State {
    STARTING,
    READY,
    /** Dead; restarts after a pause. */
    WAITING,
    /** Died too often; not restarted. */
    FAILED,
    STOPPED;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * When to give up.
   *
   * @param first pause before a restart; doubles with each consecutive failure, up to 10 s
   * @param healthy a child that worked this long starts a new count of failures
   * @param limit consecutive failures after which the child is not restarted
   */
  record RestartPolicy(Duration first, Duration healthy, int limit) {
    static final RestartPolicy DEFAULT =
        new RestartPolicy(Duration.ofMillis(100), Duration.ofSeconds(30), 10);
    private static final Duration LONGEST = Duration.ofSeconds(10);

    Duration pause(int failures) {
      Duration pause = first.multipliedBy(1L << Math.min(failures - 1, 20));
      return pause.compareTo(LONGEST) > 0 ? LONGEST : pause;
    }
  }

  /** A killed child is restarted even if it was never ready; one that exited on its own is not. */
  private static final String SIGNAL = "signal ";

  private static final long READY_POLL_MILLIS = 100;
  private static final long LIVE_POLL_SECONDS = 10;
  private static final int DEAD_AFTER_POLLS = 6;

  /** The JVM prints this, and no option suppresses it. The module is there on purpose. */
  private static final String INCUBATOR_NOTICE =
      "WARNING: Using incubator modules: jdk.incubator.vector";

  private static final boolean SETSID = Files.isExecutable(Path.of("/usr/bin/setsid"));

  private final ChildSpec spec;
  private final RotatingLog log;
  private final RestartPolicy policy;
  private final Runnable changed;
  private final Consumer<String> notes;
  private final Thread watcher;

  // Guarded by this.
  private State state = State.STARTING;
  private @Nullable Process process;
  private int restarts;
  private boolean wasReady;
  private boolean stopping;
  private String waitsFor = "";

  /**
   * @param changed called after each change of state, without a lock
   * @param notes receives messages for people
   */
  Child(
      ChildSpec spec,
      RotatingLog log,
      RestartPolicy policy,
      Runnable changed,
      Consumer<String> notes) {
    this.spec = spec;
    this.log = log;
    this.policy = policy;
    this.changed = changed;
    this.notes = notes;
    this.watcher = new Thread(this::keepRunning, "watch-" + spec.name());
    this.watcher.setDaemon(true);
  }

  ChildSpec spec() {
    return spec;
  }

  void start() {
    watcher.start();
  }

  synchronized State state() {
    return state;
  }

  /** Whether it has ever been ready. */
  synchronized boolean wasReady() {
    return wasReady;
  }

  /** Why the child is not ready yet, in its own words. */
  synchronized String waitsFor() {
    return waitsFor;
  }

  synchronized ChildState snapshot() {
    boolean alive = process != null && process.isAlive();
    return new ChildState(alive && process != null ? process.pid() : 0, state.text(), restarts);
  }

  List<String> tail() {
    return log.tail();
  }

  private void keepRunning() {
    int failures = 0;
    while (true) {
      long begin = System.nanoTime();
      String end = runOnce();
      log.line("lookalike: " + spec.name() + " ended: " + end);
      synchronized (this) {
        if (stopping) {
          state = State.STOPPED;
          break;
        }
        failures = ranFor(begin).compareTo(policy.healthy()) >= 0 ? 1 : failures + 1;
        if ((!wasReady && !end.startsWith(SIGNAL)) || failures > policy.limit()) {
          state = State.FAILED;
          break;
        }
        state = State.WAITING;
        restarts++;
      }
      changed.run();
      Duration pause = policy.pause(failures);
      notes.accept(
          "%s ended (%s); restarting it in %.1f s"
              .formatted(spec.name(), end, pause.toMillis() / 1000.0));
      synchronized (this) {
        long until = System.nanoTime() + pause.toNanos();
        while (!stopping && System.nanoTime() < until) {
          await(Math.max(1, (until - System.nanoTime()) / 1_000_000));
        }
        if (stopping) {
          state = State.STOPPED;
          break;
        }
        state = State.STARTING;
      }
      changed.run();
    }
    if (state() == State.FAILED && wasReady()) {
      notes.accept(
          "%s failed %d times in a row and will not be restarted; see: lookalike logs %s"
              .formatted(spec.name(), failures, spec.name()));
    }
    changed.run();
  }

  private static Duration ranFor(long begin) {
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  private synchronized void await(long millis) {
    try {
      wait(millis);
    } catch (InterruptedException e) {
      stopping = true;
    }
  }

  /** Starts the process and waits for its end. Returns how it ended. */
  private String runOnce() {
    Process running;
    synchronized (this) {
      if (stopping) {
        return "stopped";
      }
      try {
        running = builder().start();
      } catch (IOException e) {
        log.line("cannot start: " + e.getMessage());
        return "cannot start: " + e.getMessage();
      }
      process = running;
    }
    changed.run();
    Thread pump = new Thread(() -> pump(running), "log-" + spec.name());
    pump.setDaemon(true);
    pump.start();
    try {
      if (spec.readiness() instanceof ChildSpec.Readiness.Answers answers) {
        awaitAnswer(running, answers);
        watchLiveness(running, answers);
      }
      int exit = running.waitFor();
      pump.join(1_000);
      return exit > 128 ? SIGNAL + (exit - 128) : "exit code " + exit;
    } catch (InterruptedException e) {
      running.destroyForcibly();
      return "interrupted";
    }
  }

  private ProcessBuilder builder() {
    // Runs in its own session, so that Ctrl-C reaches only the supervisor, which stops the children
    // in order.
    List<String> command = new ArrayList<>();
    if (SETSID) {
      command.add("/usr/bin/setsid");
    }
    command.addAll(spec.command());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(spec.environment());
    return builder;
  }

  private void pump(Process running) {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(running.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals(INCUBATOR_NOTICE)) {
          continue;
        }
        log.line(line);
        if (spec.readiness() instanceof ChildSpec.Readiness.Says says && says.line().test(line)) {
          ready();
        }
      }
    } catch (IOException e) {
      // The child was killed.
    }
  }

  private void awaitAnswer(Process running, ChildSpec.Readiness.Answers answers)
      throws InterruptedException {
    while (!running.waitFor(READY_POLL_MILLIS, TimeUnit.MILLISECONDS)) {
      Health health = Health.ready(answers.address());
      synchronized (this) {
        waitsFor = health.reason();
      }
      if (health.up()) {
        ready();
        return;
      }
    }
  }

  private void watchLiveness(Process running, ChildSpec.Readiness.Answers answers)
      throws InterruptedException {
    int silent = 0;
    while (!running.waitFor(LIVE_POLL_SECONDS, TimeUnit.SECONDS)) {
      Health health = Health.live(answers.address());
      silent = health.up() ? 0 : silent + 1;
      if (silent >= DEAD_AFTER_POLLS) {
        notes.accept("%s is not alive (%s); killing it".formatted(spec.name(), health.reason()));
        running.destroyForcibly();
        return;
      }
    }
  }

  private void ready() {
    synchronized (this) {
      if (stopping) {
        return;
      }
      state = State.READY;
      wasReady = true;
      waitsFor = "";
    }
    changed.run();
  }

  /** Asks the child to exit by ending its standard input. */
  void requestStop() {
    Process running;
    synchronized (this) {
      stopping = true;
      running = process;
      notifyAll();
    }
    if (running != null) {
      try {
        running.getOutputStream().close();
      } catch (IOException e) {
        // The process is gone already.
      }
    }
  }

  /**
   * Waits until the child is gone; after {@code patience} it is sent SIGTERM, and killed 5 s later.
   *
   * @return whether it exited without being killed
   */
  boolean awaitStopped(Duration patience) {
    Process running;
    synchronized (this) {
      running = process;
    }
    boolean inOrder = true;
    try {
      if (running != null && !running.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        inOrder = false;
        running.destroy();
        if (!running.waitFor(5, TimeUnit.SECONDS)) {
          running.destroyForcibly();
          running.waitFor(5, TimeUnit.SECONDS);
        }
      }
      watcher.join(2_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    log.close();
    return inOrder;
  }
}
