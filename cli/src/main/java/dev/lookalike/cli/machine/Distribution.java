package dev.lookalike.cli.machine;

import dev.lookalike.broker.BrokerProcess;
import dev.lookalike.broker.BrokerSettings;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.Ports;
import dev.lookalike.cli.home.Ports.Listener;
import dev.lookalike.cli.keys.HomeKeys;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The built programs in the checkout, and the commands that run them.
 *
 * <p>A service runs from its fast-jar folder, but on a flat class path: otherwise the JDK's AOT
 * cache does not hold its classes. Measured on 2 cores, one idle service to "started": fast-jar 1.7
 * s, flat 2.0 s, flat with AOT cache 0.5 s.
 *
 * @param root of the checkout
 */
record Distribution(Path root) {

  /** Set by the shell script {@code lookalike}. */
  private static final String ROOT_PROPERTY = "lookalike.root";

  /** Marks the processes of a home. Not a setting of the services, which would refuse it. */
  private static final String HOME_PROPERTY = "-Dlookalike-home=";

  /** Maximum heap of each service in MiB. Idle heaps stay small: they grow on demand. */
  private static final Map<String, Integer> HEAP_MIB =
      Map.of("ingest", 256, "embed", 256, "query", 320);

  /** Additional JVM options by service. With the Vector API Lucene compares vectors with SIMD. */
  private static final Map<String, List<String>> OPTIONS =
      Map.of("query", List.of("--add-modules=jdk.incubator.vector"));

  /**
   * The optimising compiler waits for ten times as many calls as by default. At a start much code
   * runs for a short time only: four processes spent 6 of their 14 CPU seconds on optimising it.
   * The loops that process images still reach these counts within the first images.
   */
  private static final List<String> LATE_OPTIMISATION =
      List.of(
          "-XX:Tier4InvocationThreshold=50000",
          "-XX:Tier4MinInvocationThreshold=6000",
          "-XX:Tier4CompileThreshold=150000",
          "-XX:Tier4BackEdgeThreshold=400000");

  static Distribution find() {
    String root = System.getProperty(ROOT_PROPERTY);
    if (root == null) {
      throw new CommandFailure(
          ExitCode.USAGE, "NOT_INSTALLED", "run this with the script `lookalike` of a checkout");
    }
    return new Distribution(Path.of(root));
  }

  Path aotDirectory() {
    return root.resolve("cli/target/aot");
  }

  /** The class path of this command. */
  String cliClassPath() {
    return System.getProperty("java.class.path");
  }

  static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /**
   * The child processes of a machine.
   *
   * @param models folders; empty: the built-in model
   * @param milvus address of the Milvus that holds the index; empty: Lucene, in the home
   * @param train whether this run writes the AOT caches instead of reading them
   */
  List<ChildSpec> children(
      Home home, Ports ports, List<Path> models, Optional<String> milvus, boolean train) {
    List<ChildSpec> specs = new ArrayList<>();
    List<String> brokerOptions = new ArrayList<>(aot("broker", train));
    brokerOptions.add(HOME_PROPERTY + home.directory());
    brokerOptions.addAll(userOptions("broker"));
    BrokerSettings broker =
        new BrokerSettings(home.kafka(), ports.of(Listener.BROKER), ports.of(Listener.CONTROLLER));
    specs.add(
        new ChildSpec(
            "broker",
            BrokerProcess.command(java(), brokerClassPath(), brokerOptions, broker),
            environment(),
            new ChildSpec.Readiness.Says(BrokerProcess::saysReady),
            2));
    String modelList = models.stream().map(Path::toString).collect(Collectors.joining(","));
    List<String> embed = new ArrayList<>();
    embed.add("-Dlookalike.models=" + modelList);
    embed.add("-Dlookalike.models.directory=" + home.models());
    specs.add(service("embed", home, ports, Listener.EMBED, Listener.EMBED_GRPC, 1, embed, train));
    List<String> query = new ArrayList<>();
    query.add("-Dlookalike.index.directory=" + home.index());
    query.add("-Dlookalike.embed.address=" + ports.address(Listener.EMBED_GRPC));
    query.add("-Dlookalike.content-url=http://" + ports.address(Listener.INGEST));
    milvus.ifPresent(
        uri ->
            query.addAll(
                List.of("-Dlookalike.index.type=milvus", "-Dlookalike.index.milvus.uri=" + uri)));
    specs.add(service("query", home, ports, Listener.QUERY, Listener.QUERY_GRPC, 1, query, train));
    specs.add(
        service(
            "ingest",
            home,
            ports,
            Listener.INGEST,
            Listener.INGEST_GRPC,
            0,
            List.of(
                "-Dlookalike.blobs.directory=" + home.blobs(),
                "-Dlookalike.query.address=" + ports.address(Listener.QUERY_GRPC),
                "-Dlookalike.embed.address=" + ports.address(Listener.EMBED_GRPC)),
            train));
    return specs;
  }

  /**
   * Few malloc arenas; by default there is one per thread. Turns off the telemetry of ONNX Runtime
   * 1.29.
   */
  private static Map<String, String> environment() {
    return Map.of("MALLOC_ARENA_MAX", "2", "ORT_DISABLE_TELEMETRY", "1");
  }

  private ChildSpec service(
      String name,
      Home home,
      Ports ports,
      Listener http,
      Listener grpc,
      int stopStage,
      List<String> settings,
      boolean train) {
    Path app = root.resolve(name + "-service/target/quarkus-app");
    List<String> command = new ArrayList<>();
    command.add(java().toString());
    command.addAll(
        List.of(
            "-Xms24m",
            "-Xmx" + HEAP_MIB.get(name) + "m",
            "-XX:+UseSerialGC",
            "-XX:MinHeapFreeRatio=10",
            "-XX:MaxHeapFreeRatio=30",
            // A full collection returns freed memory at once, and malloc every 5 s: after an import
            // malloc holds more than the heap.
            "-XX:-ShrinkHeapInSteps",
            "-XX:TrimNativeHeapInterval=5000",
            // Native code runs on Java threads; a stack takes only the memory that it uses.
            "-Xss2m",
            "-XX:+ExitOnOutOfMemoryError",
            // From the manifest of quarkus-run.jar, which a flat class path ignores.
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
            "-Dio.netty.allocator.numDirectArenas=2",
            "-Dimaging.natives.directory=" + home.caches().resolve("natives"),
            "-Donnxruntime.natives.directory=" + home.caches().resolve("natives"),
            HOME_PROPERTY + home.directory(),
            "-Dquarkus.http.port=" + ports.of(http),
            "-Dquarkus.grpc.server.port=" + ports.of(grpc),
            "-Dlookalike.kafka.bootstrap-servers=" + ports.address(Listener.BROKER),
            "-Dlookalike.exit-with-parent=true"));
    command.addAll(OPTIONS.getOrDefault(name, List.of()));
    command.addAll(LATE_OPTIMISATION);
    HomeKeys keys = new HomeKeys(home);
    if (keys.inUse()) {
      command.add("-Dlookalike.access.keys-file=" + keys.file());
      command.add("-Dlookalike.access.service-key-file=" + keys.serviceKeyFile());
    }
    command.addAll(settings);
    command.addAll(aot(name, train));
    command.addAll(userOptions(name));
    command.addAll(List.of("-cp", serviceClassPath(app), "io.quarkus.runner.GeneratedMain"));
    return new ChildSpec(
        name,
        command,
        environment(),
        new ChildSpec.Readiness.Answers(URI.create("http://" + ports.address(http))),
        stopStage);
  }

  /** LOOKALIKE_INGEST_OPTS and so on: more JVM options, such as -Xmx or -Dlookalike settings. */
  private static List<String> userOptions(String name) {
    String options = System.getenv("LOOKALIKE_" + name.toUpperCase(Locale.ROOT) + "_OPTS");
    return options == null || options.isBlank()
        ? List.of()
        : Arrays.asList(options.strip().split("\\s+"));
  }

  private List<String> aot(String name, boolean train) {
    Path cache = aotDirectory().resolve(name + ".aot");
    if (train) {
      return List.of(
          "-XX:AOTCacheOutput=" + cache,
          // With the profiles of a start in the cache, every start would compile its hot code
          // again.
          "-XX:+UnlockDiagnosticVMOptions",
          "-XX:-AOTRecordTraining",
          "-Xlog:aot*=off",
          "-Xlog:cds*=off");
    }
    // The JVM ignores a cache that does not fit (another JDK, other jars).
    return Files.exists(cache)
        ? List.of("-XX:AOTCache=" + cache, "-Xlog:aot*=off", "-Xlog:cds*=off")
        : List.of();
  }

  /** The order of fast-jar's own loader: classes transformed by the build hide the originals. */
  private static String serviceClassPath(Path app) {
    List<Path> jars = new ArrayList<>();
    Path transformed = app.resolve("quarkus/transformed-bytecode.jar");
    if (Files.exists(transformed)) {
      jars.add(transformed);
    }
    jars.add(app.resolve("quarkus/generated-bytecode.jar"));
    jars.addAll(jarsIn(app.resolve("app")));
    jars.addAll(jarsIn(app.resolve("lib/boot")));
    jars.addAll(jarsIn(app.resolve("lib/main")));
    return joined(jars);
  }

  private String brokerClassPath() {
    List<Path> jars = new ArrayList<>(jarsIn(root.resolve("broker/target")));
    jars.addAll(jarsIn(root.resolve("broker/target/lib")));
    return joined(jars);
  }

  private static String joined(List<Path> jars) {
    return jars.stream().map(Path::toString).collect(Collectors.joining(":"));
  }

  private static List<Path> jarsIn(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(f -> f.getFileName().toString().endsWith(".jar"))
          .filter(f -> !f.getFileName().toString().endsWith("-tests.jar"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "NOT_BUILT",
          directory + " is missing: build with ./mvnw -DskipTests package");
    }
  }

  /** Whether a command line belongs to a child of this home's supervisor. */
  static boolean isOf(Home home, String commandLine) {
    return commandLine.contains(HOME_PROPERTY + home.directory() + " ");
  }
}
