package dev.lookalike.cli.machine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.Addresses;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.HomeLock;
import dev.lookalike.cli.home.Ports;
import dev.lookalike.cli.home.Ports.Listener;
import dev.lookalike.cli.home.RunState;
import dev.lookalike.cli.home.Settings;
import dev.lookalike.cli.keys.HomeKeys;
import dev.lookalike.cli.models.ModelFolders;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lookalike up}: runs the whole system on this machine. */
@Command(
    name = "up",
    description = {
      "Starts the broker and the three services on this machine, and watches them.",
      "",
      "Runs in the foreground until Ctrl-C or `lookalike down`; --detach returns as soon as"
          + " everything is ready. A process that dies is restarted. The next `up` of the same home"
          + " uses the same models and ports."
    },
    footer = {
      "",
      "Examples:",
      "  lookalike up                              with the built-in model, state in ~/.lookalike",
      "  lookalike up --detach                     in the background",
      "  lookalike up --model models/mobilenet-v2  with your own model (model.onnx in a folder)",
      "  lookalike up --milvus http://127.0.0.1:19530",
      "  lookalike up --home /data/shop --port-base 9700"
    })
public final class UpCommand implements Callable<Integer> {

  /** Stands for the model built into embed-service. */
  private static final Path BUILT_IN = Path.of("builtin");

  /** Instead of an address: use the index in the home again. */
  private static final String NO_MILVUS = "none";

  private static final Duration READY_PATIENCE = Duration.ofMinutes(5);
  private static final Duration LEFTOVER_PATIENCE = Duration.ofSeconds(30);
  private static final Duration DISK_CHECK = Duration.ofMinutes(1);

  @Option(
      names = "--home",
      paramLabel = "DIR",
      description = "Directory of the state; default: $$LOOKALIKE_HOME, else ~/.lookalike.")
  private @Nullable Path homeDirectory;

  @Option(
      names = "--model",
      paramLabel = "FOLDER",
      description =
          "Folder with model.onnx, or `builtin`; may be given several times; the first is the"
              + " default for new collections. Default: the last ones given, else builtin.")
  private List<Path> models = List.of();

  @Option(
      names = "--milvus",
      paramLabel = "URI",
      description =
          "Address of a Milvus to hold the index, such as http://127.0.0.1:19530; `none`: keep the"
              + " index in the home. Default: the last one given.")
  private @Nullable String milvus;

  @Option(names = "--detach", description = "Return when the system is ready, and keep it running.")
  private boolean detach;

  @Option(
      names = "--port-base",
      paramLabel = "N",
      defaultValue = "${env:LOOKALIKE_PORT_BASE}",
      description =
          "Ports are N+1, N+2, N+3 (HTTP of ingest, embed, query), N+11 to N+13 (gRPC), N+90 and"
              + " N+91 (broker); default: $$LOOKALIKE_PORT_BASE, else the last one given, else"
              + " 8700.")
  private @Nullable Integer portBase;

  @Option(
      names = "--port",
      paramLabel = "LISTENER=N",
      description =
          "One port: ingest, embed, query, ingest-grpc, embed-grpc, query-grpc, broker or"
              + " controller.")
  private Map<String, Integer> otherPorts = Map.of();

  @Option(names = "--json", description = "Print one line of JSON when ready.")
  private boolean json;

  private final Terminal terminal = Terminal.SYSTEM;

  @Override
  public Integer call() {
    Home home = new Home(homeDirectory == null ? Home.defaultDirectory() : homeDirectory);
    home.open();
    Settings remembered = Settings.read(home);
    Settings settings = new Settings(models(remembered), ports(remembered), milvus(remembered));
    if (detach) {
      return startDetached(home);
    }
    Optional<HomeLock> lock = HomeLock.tryTake(home);
    if (lock.isEmpty()) {
      throw running(home);
    }
    return superviseHolding(lock.get(), home, settings);
  }

  private static CommandFailure running(Home home) {
    long pid = RunState.read(home).map(RunState::pid).orElse(0L);
    return new CommandFailure(
        ExitCode.FAILED,
        "ALREADY_RUNNING",
        home.directory()
            + " is in use by process "
            + pid
            + "; see: lookalike status; stop it with: lookalike down");
  }

  private int superviseHolding(HomeLock lock, Home home, Settings settings) {
    long begin = System.nanoTime();
    awaitFreePorts(home, settings.ports());
    warnOfDisk(home);
    List<Path> usable = presentModels(settings.models());
    HomeKeys keys = new HomeKeys(home);
    keys.complete();
    Machine machine =
        new Machine(
            home,
            settings.ports(),
            Distribution.find().children(home, settings.ports(), usable, settings.milvus(), false),
            Child.RestartPolicy.DEFAULT,
            this::log);
    CountDownLatch stopped = new CountDownLatch(1);
    Thread stop =
        new Thread(
            () -> {
              if (terminal.interactive()) {
                terminal.note("");
              }
              log("stopping");
              machine.stop(Machine.STOP_PATIENCE);
              lock.close();
              stopped.countDown();
            },
            "stop");
    Runtime.getRuntime().addShutdownHook(stop);
    machine.start();
    Optional<String> failure = machine.awaitReady(READY_PATIENCE);
    if (failure.isPresent()) {
      throw new CommandFailure(ExitCode.UNAVAILABLE, "NOT_READY", failure.get());
    }
    settings.write(home);
    if (keys.inUse()) {
      log("every request requires an access key; see: lookalike key list");
    }
    printReady(
        home, settings.ports(), settings.milvus(), Duration.ofNanos(System.nanoTime() - begin));
    warnOfUnservedCollections(keys, Addresses.of(settings.ports()));
    while (true) {
      try {
        if (stopped.await(DISK_CHECK.toMillis(), TimeUnit.MILLISECONDS)) {
          return ExitCode.OK.number();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return ExitCode.INTERRUPTED.number();
      }
      warnOfDisk(home);
    }
  }

  private void log(String line) {
    terminal.note(
        terminal.faint(LocalTime.now().truncatedTo(ChronoUnit.SECONDS).toString()) + " " + line);
  }

  private List<Path> models(Settings remembered) {
    if (models.isEmpty()) {
      return remembered.models();
    }
    List<Path> folders = new ArrayList<>();
    for (Path model : models) {
      if (model.equals(BUILT_IN)) {
        folders.add(BUILT_IN);
        continue;
      }
      Path folder = model.toAbsolutePath().normalize();
      if (!ModelFolders.holdsModel(folder)) {
        throw new CommandFailure(
            ExitCode.USAGE, "MODEL_MISSING", folder + " does not contain model.onnx");
      }
      if (folder.toString().contains(",")) {
        throw new CommandFailure(
            ExitCode.USAGE, "MODEL_PATH", "a model's path must not contain a comma: " + folder);
      }
      folders.add(folder);
    }
    return folders;
  }

  private Optional<String> milvus(Settings remembered) {
    if (milvus == null) {
      return remembered.milvus();
    }
    if (milvus.equals(NO_MILVUS)) {
      return Optional.empty();
    }
    if (!milvus.matches("https?://[^\\s]+")) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "USAGE",
          "--milvus: " + milvus + " is not an address like http://host:19530");
    }
    return Optional.of(milvus);
  }

  /**
   * Leaves out stored models that are gone, with a warning: the collections of the others are
   * served.
   */
  private List<Path> presentModels(List<Path> folders) {
    List<Path> present = new ArrayList<>();
    for (Path folder : folders) {
      if (folder.equals(BUILT_IN) || ModelFolders.holdsModel(folder)) {
        present.add(folder);
      } else {
        log(terminal.bad("model folder " + folder + " is gone; continuing without it"));
      }
    }
    return present;
  }

  private Ports ports(Settings remembered) {
    Map<Listener, Integer> others = new EnumMap<>(Listener.class);
    if (portBase == null) {
      others.putAll(remembered.ports().numbers());
    }
    otherPorts.forEach(
        (name, port) -> {
          try {
            others.put(Listener.valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_')), port);
          } catch (IllegalArgumentException e) {
            throw new CommandFailure(ExitCode.USAGE, "USAGE", "--port: unknown listener " + name);
          }
        });
    try {
      return Ports.of(portBase == null ? Ports.DEFAULT_BASE : portBase, others);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCode.USAGE, "USAGE", String.valueOf(e.getMessage()));
    }
  }

  /**
   * Waits for children of a killed supervisor, which are about to exit, and reports all other
   * processes.
   */
  private void awaitFreePorts(Home home, Ports ports) {
    long until = System.nanoTime() + LEFTOVER_PATIENCE.toNanos();
    boolean noted = false;
    for (Listener listener : Listener.values()) {
      int port = ports.of(listener);
      for (Optional<PortHolder> holder = PortHolder.of(port);
          holder.isPresent();
          holder = PortHolder.of(port)) {
        boolean ours = Distribution.isOf(home, holder.get().commandLine());
        if (!ours || System.nanoTime() > until) {
          throw new CommandFailure(
              ExitCode.FAILED,
              "PORT_TAKEN",
              "port %d (%s) is in use by %s; free it, or choose other ports with --port-base or --port %s=N"
                  .formatted(port, listener.text(), holder.get().text(), listener.text()));
        }
        if (!noted) {
          log("waiting for processes of an earlier run to end");
          noted = true;
        }
        try {
          Thread.sleep(100);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
        }
      }
    }
  }

  private void warnOfDisk(Home home) {
    try {
      DiskSpace.of(home).warning(home).ifPresent(w -> log(terminal.bad(w)));
    } catch (IOException e) {
      log("cannot read the free disk space: " + e.getMessage());
    }
  }

  private void printReady(Home home, Ports ports, Optional<String> milvus, Duration took) {
    if (json) {
      ObjectNode node = Json.object().put("ready", true).put("home", home.directory().toString());
      ObjectNode addresses = node.putObject("ports");
      for (Listener listener : Listener.values()) {
        addresses.put(listener.text(), ports.of(listener));
      }
      node.put("seconds", took.toMillis() / 1000.0);
      terminal.json(node);
      return;
    }
    terminal.line(
        terminal.good("ready")
            + " after %.1f s, state in %s".formatted(took.toMillis() / 1000.0, home.directory()));
    terminal.line(
        "  upload   http://"
            + ports.address(Listener.INGEST)
            + "   gRPC "
            + ports.address(Listener.INGEST_GRPC));
    terminal.line(
        "  search   http://"
            + ports.address(Listener.QUERY)
            + "   gRPC "
            + ports.address(Listener.QUERY_GRPC));
    terminal.line(
        "  embed    http://"
            + ports.address(Listener.EMBED)
            + "   gRPC "
            + ports.address(Listener.EMBED_GRPC));
    milvus.ifPresent(uri -> terminal.line("  index    Milvus at " + uri));
    terminal.line("  broker   " + ports.address(Listener.BROKER));
    terminal.line("Next: lookalike import FOLDER, then: lookalike search PHOTO");
  }

  /** A collection is bound to its model: warns of collections whose model is not served. */
  private void warnOfUnservedCollections(HomeKeys keys, Addresses addresses) {
    for (String line : UnservedCollections.of(new Rest(address -> keys.commandKey()), addresses)) {
      log(terminal.bad(line));
    }
  }

  private int startDetached(Home home) {
    if (HomeLock.isTaken(home)) {
      throw running(home);
    }
    Path log = home.logs().resolve("supervisor.log");
    List<String> command = new ArrayList<>();
    if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
      command.add("/usr/bin/setsid");
    }
    command.add(Distribution.java().toString());
    command.addAll(SupervisorJvm.options(Distribution.find()));
    command.addAll(List.of("up", "--home", home.directory().toString()));
    models.forEach(
        m ->
            command.addAll(
                List.of("--model", (m.equals(BUILT_IN) ? m : m.toAbsolutePath()).toString())));
    if (portBase != null) {
      command.addAll(List.of("--port-base", portBase.toString()));
    }
    if (milvus != null) {
      command.addAll(List.of("--milvus", milvus));
    }
    otherPorts.forEach((name, port) -> command.addAll(List.of("--port", name + "=" + port)));
    if (json) {
      command.add("--json");
    }
    try {
      Files.deleteIfExists(log);
      Process supervisor =
          new ProcessBuilder(command)
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      return awaitDetached(home, supervisor, log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int awaitDetached(Home home, Process supervisor, Path log) throws IOException {
    while (true) {
      try {
        if (supervisor.waitFor(50, TimeUnit.MILLISECONDS)) {
          terminal.note(Files.readString(log).strip());
          return supervisor.exitValue() == 0 ? ExitCode.FAILED.number() : supervisor.exitValue();
        }
      } catch (InterruptedException e) {
        supervisor.destroy();
        throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
      }
      Optional<RunState> state = RunState.read(home);
      boolean ready =
          state
              .filter(s -> s.pid() == supervisor.pid())
              .filter(s -> s.phase().equals("ready"))
              .isPresent();
      if (ready && Files.readString(log).contains(json ? "\"ready\"" : "Next:")) {
        terminal.line(Files.readString(log).strip());
        return ExitCode.OK.number();
      }
    }
  }
}
