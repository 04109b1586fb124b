package dev.lookalike.broker;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A real Kafka broker in its own JVM, as a child of this process: it exits when this process exits
 * for any reason. Not thread-safe.
 */
public final class BrokerProcess implements AutoCloseable {

  private static final long START_SECONDS = 60;
  private static final long STOP_SECONDS = 15;

  private final BrokerSettings settings;
  private Process process;

  private BrokerProcess(BrokerSettings settings, Process process) {
    this.settings = settings;
    this.process = process;
  }

  /**
   * Starts a broker and waits until it answers.
   *
   * @param directory for its log; created if absent, continued if it holds a log
   * @throws IllegalStateException with the broker's own error output if it does not start
   */
  public static BrokerProcess start(Path directory, int port, int controllerPort) {
    return start(new BrokerSettings(directory, port, controllerPort));
  }

  /** {@link #start} with all settings. */
  public static BrokerProcess start(BrokerSettings settings) {
    return new BrokerProcess(settings, launch(settings));
  }

  /** {@link #start} on two free ports; tries others if they are taken in the meantime. */
  public static BrokerProcess startOnFreePorts(Path directory) {
    for (int attempt = 1; ; attempt++) {
      try {
        return start(directory, FreePorts.next(), FreePorts.next());
      } catch (IllegalStateException e) {
        if (attempt == 3) {
          throw e;
        }
      }
    }
  }

  /**
   * The command that runs a broker; {@link BrokerMain} describes its behavior.
   *
   * @param java the executable
   * @param jvmOptions go before the main class, after the memory limits
   */
  public static List<String> command(
      Path java, String classPath, List<String> jvmOptions, BrokerSettings settings) {
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    command.addAll(
        List.of(
            "-Xms64m",
            "-Xmx160m",
            "-XX:+UseSerialGC",
            // The broker moves bytes: optimised code gains nothing, and compiling it delays every
            // start.
            "-XX:TieredStopAtLevel=1",
            "-Xss512k",
            "-XX:MaxDirectMemorySize=64m",
            "-XX:ReservedCodeCacheSize=64m",
            "-XX:+ExitOnOutOfMemoryError",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dslf4j.provider=org.slf4j.jul.JULServiceProvider",
            "-Dslf4j.internal.verbosity=WARN"));
    command.addAll(jvmOptions);
    command.addAll(
        List.of(
            "-cp",
            classPath,
            BrokerMain.class.getName(),
            settings.directory().toString(),
            Integer.toString(settings.port()),
            Integer.toString(settings.controllerPort())));
    if (!settings.overrides().isEmpty()) {
      command.add(overridesFile(settings).toString());
    }
    return command;
  }

  /** Whether a line of the broker's standard output says that it answers. */
  public static boolean saysReady(String line) {
    return line.startsWith(BrokerMain.READY + " ");
  }

  private static Path overridesFile(BrokerSettings settings) {
    return settings.directory().resolve("overrides.properties");
  }

  private static Process launch(BrokerSettings settings) {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    try {
      Files.createDirectories(settings.directory());
      if (!settings.overrides().isEmpty()) {
        Properties overrides = new Properties();
        overrides.putAll(settings.overrides());
        try (OutputStream out = Files.newOutputStream(overridesFile(settings))) {
          overrides.store(out, null);
        }
      }
      Path errors = Files.createTempFile("broker", ".log");
      ProcessBuilder builder =
          new ProcessBuilder(
              command(java, System.getProperty("java.class.path"), List.of(), settings));
      // Few arenas: otherwise malloc keeps one per thread.
      builder.environment().put("MALLOC_ARENA_MAX", "2");
      builder.redirectError(errors.toFile());
      Process process = builder.start();
      try {
        awaitReady(process, errors);
      } catch (RuntimeException e) {
        process.destroyForcibly();
        throw e;
      } finally {
        // The broker keeps writing to its open file; nothing is left behind.
        Files.delete(errors);
      }
      return process;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void awaitReady(Process process, Path errors) throws IOException {
    InputStream output = process.getInputStream();
    CompletableFuture<Boolean> ready = new CompletableFuture<>();
    Thread reader =
        new Thread(
            () -> {
              try (BufferedReader lines =
                  new BufferedReader(
                      new java.io.InputStreamReader(output, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                  if (saysReady(line)) {
                    ready.complete(true);
                  }
                }
              } catch (IOException e) {
                // The broker was killed.
              }
              ready.complete(false);
            },
            "broker-output");
    reader.setDaemon(true);
    reader.start();
    try {
      if (!ready.get(START_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the broker did not start: " + Files.readString(errors));
      }
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "the broker did not start within " + START_SECONDS + " s: " + Files.readString(errors),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the broker started", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Where clients connect, for {@code bootstrap.servers}. The same after a restart. */
  public String bootstrapServers() {
    return settings.bootstrapServers();
  }

  /** The broker's process id, for measurements. */
  public long pid() {
    return process.pid();
  }

  /** Kills the broker at once with SIGKILL, as a crash would; returns when it is gone. */
  public void kill() {
    process.destroyForcibly();
    awaitExit(STOP_SECONDS);
  }

  /**
   * Restarts the broker on the same directory and ports and waits until it answers; kills it first
   * if it runs.
   */
  public void restart() {
    if (process.isAlive()) {
      kill();
    }
    process = launch(settings);
  }

  /**
   * Stops the broker cleanly by ending its standard input; kills it if it takes longer than 15 s.
   * Idempotent.
   */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // The process is gone already.
    }
    if (!awaitExit(STOP_SECONDS)) {
      kill();
    }
  }

  private boolean awaitExit(long seconds) {
    try {
      return process.waitFor(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
