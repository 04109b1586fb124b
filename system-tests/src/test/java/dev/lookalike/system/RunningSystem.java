package dev.lookalike.system;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One system, started as a user starts it ({@code ./lookalike up --detach}) in a home of its own on
 * free ports, shared by all tests of the run; each test uses collections of its own.
 */
final class RunningSystem {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final int FIRST_PORT_BASE = 21_000;
  private static final int PORT_BASES = 55;
  private static final int PORTS = 200;

  /** Root of the repository: tests run in the folder of their module. */
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** Parts that a test may kill, by the names that {@code status --json} gives them. */
  enum Part {
    BROKER,
    INGEST,
    EMBED,
    QUERY;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static @Nullable RunningSystem shared;

  final Path home;
  final int portBase;
  final Api api;

  private RunningSystem(Path home, int portBase) {
    this.home = home;
    this.portBase = portBase;
    this.api = new Api(portBase + 1, portBase + 3);
  }

  /** The system of this run; started by the first caller, stopped when the JVM ends. */
  static synchronized RunningSystem get() {
    RunningSystem system = shared;
    if (system == null) {
      RunningSystem started = start(models());
      Runtime.getRuntime().addShutdownHook(new Thread(started::down));
      shared = started;
      system = started;
    }
    return system;
  }

  /**
   * A real network where the shared test data lies beside the project, and a tiny one; the built-in
   * model always is.
   */
  private static List<String> models() {
    List<String> models = new ArrayList<>();
    SharedData.mobileNet().ifPresent(folder -> models.add(folder.toString()));
    models.add(tinyModel("tiny").toString());
    return models;
  }

  /** A new folder with a model of this id: 96 dimensions, 32 x 32 pixels, untrained. */
  static Path tinyModel(String id) {
    Path from = ROOT.resolve("embed-service/src/test/resources/goldens/clip");
    try {
      Path folder = Files.createTempDirectory("lookalike-tiny");
      for (String file : List.of("model.onnx", "preprocessor_config.json", "labels.txt")) {
        Files.copy(from.resolve(file), folder.resolve(file));
      }
      Files.writeString(folder.resolve("lookalike-model.json"), "{\"id\": \"" + id + "\"}");
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static RunningSystem start(List<String> models) {
    RunningSystem system = prepared();
    system.up(models);
    return system;
  }

  /** A system that is not started yet. */
  static RunningSystem prepared() {
    try {
      return new RunningSystem(Files.createTempDirectory("lookalike-system"), freePorts());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void up(List<String> models) {
    List<String> arguments =
        new ArrayList<>(List.of("up", "--detach", "--port-base", Integer.toString(portBase)));
    models.forEach(model -> arguments.addAll(List.of("--model", model)));
    // The same tests with the index in a Milvus that runs: -Dmilvus.uri=http://127.0.0.1:19530
    Optional.ofNullable(System.getProperty("milvus.uri"))
        .ifPresent(uri -> arguments.addAll(List.of("--milvus", uri)));
    lookalike(arguments).ok();
  }

  void down() {
    lookalike(List.of("down"));
  }

  /** What a run of the command line gave. */
  record Run(List<String> command, int exit, String out, String err) {
    Run ok() {
      if (exit != 0) {
        throw new AssertionError(
            String.join(" ", command) + " exited " + exit + "\n" + out + "\n" + err);
      }
      return this;
    }

    JsonNode json() {
      try {
        return JSON.readTree(ok().out);
      } catch (IOException e) {
        throw new AssertionError("not JSON: " + out, e);
      }
    }
  }

  Run lookalike(String... arguments) {
    return lookalike(List.of(arguments));
  }

  /** Runs {@code ./lookalike} to its end, at most ten minutes. */
  Run lookalike(List<String> arguments) {
    try {
      Path folder = Files.createTempDirectory("lookalike-run");
      List<String> command = new ArrayList<>(List.of(ROOT.resolve("lookalike").toString()));
      command.addAll(arguments);
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectOutput(folder.resolve("out").toFile())
              .redirectError(folder.resolve("err").toFile());
      builder.environment().put("LOOKALIKE_HOME", home.toString());
      Process process = builder.start();
      process.getOutputStream().close();
      if (!process.waitFor(10, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new AssertionError("lookalike " + arguments + " did not end in ten minutes");
      }
      return new Run(
          arguments,
          process.exitValue(),
          Files.readString(folder.resolve("out")),
          Files.readString(folder.resolve("err")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  JsonNode status() {
    return lookalike("status", "--json").json();
  }

  /** The process of a part. */
  ProcessHandle process(Part part) {
    return process(part, status());
  }

  /** The processes of these parts, by one look at the status. */
  List<ProcessHandle> processes(List<Part> parts) {
    JsonNode status = status();
    return parts.stream().map(part -> process(part, status)).toList();
  }

  private static ProcessHandle process(Part part, JsonNode status) {
    for (JsonNode service : status.path("services")) {
      if (service.path("name").asText().equals(part.word())) {
        return ProcessHandle.of(service.path("pid").asLong())
            .orElseThrow(() -> new AssertionError(part + " has no process: " + status));
      }
    }
    throw new AssertionError("status does not name " + part + ": " + status);
  }

  /** Memory of a process, as the kernel counts it. */
  static long residentMebibytes(ProcessHandle process) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
          .sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until every part is ready, at most a minute. */
  void awaitReady() {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!status().path("ready").asBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not ready: " + status());
      }
    }
  }

  /** SIGKILL, as the kernel does it when memory is short. */
  static void kill(ProcessHandle process) {
    process.destroyForcibly();
    process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
  }

  String bootstrapServers() {
    return "127.0.0.1:" + (portBase + 90);
  }

  /**
   * A base whose ports (services at +1 to +3 and +11 to +13, broker at +90 and +91) are free now.
   */
  /** Two processes of tests that look at the same time begin in different places. */
  private static int freePorts() {
    int first = ThreadLocalRandom.current().nextInt(PORT_BASES);
    for (int i = 0; i < PORT_BASES; i++) {
      int base = FIRST_PORT_BASE + (first + i) % PORT_BASES * PORTS;
      if (List.of(1, 2, 3, 11, 12, 13, 90, 91).stream().allMatch(free(base))) {
        return base;
      }
    }
    throw new IllegalStateException("no free ports");
  }

  private static Predicate<Integer> free(int base) {
    return offset -> {
      try (ServerSocket socket = new ServerSocket(base + offset)) {
        return socket.isBound();
      } catch (IOException e) {
        return false;
      }
    };
  }
}
