package dev.lookalike.engines;

import dev.lookalike.broker.FreePorts;
import java.io.File;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A real Milvus for tests. Looked for in {@link EngineOrder}: the one at the address in {@code
 * LOOKALIKE_TEST_MILVUS} or {@code LOOKALIKE_TEST_MILVUS_LITE}; standalone in a container of the
 * image in {@code LOOKALIKE_TEST_MILVUS_IMAGE}, by default the one of {@code scripts/images}; a
 * process of the package that {@code scripts/engines} installs. One of each kind for all tests of a
 * JVM; each test uses its own names.
 */
public final class MilvusEngine implements AutoCloseable {
  /** Default user and password of Milvus, required by {@link #secured}. */
  public static final String TOKEN = "root:Milvus";

  /** The implementation to run. */
  public enum Kind {
    /** Milvus standalone: etcd, WAL and all in one process. */
    STANDALONE("LOOKALIKE_TEST_MILVUS", "milvus-2.3.5/bin/milvus-server"),
    /** Milvus Lite, the other implementation of the same interface. */
    LITE("LOOKALIKE_TEST_MILVUS_LITE", "milvus-lite-3.2.2/bin/milvus-lite");

    /** For standalone: there is no image of Milvus Lite. */
    private static final String IMAGE = "LOOKALIKE_TEST_MILVUS_IMAGE";

    private final String variable;
    private final String program;

    Kind(String variable, String program) {
      this.variable = variable;
      this.program = program;
    }
  }

  private static final Duration START = Duration.ofSeconds(240);
  private static final Map<Kind, Attempt<MilvusEngine>> SHARED = new EnumMap<>(Kind.class);
  private static final int PORT = 19530;
  private static final int HEALTH = 9091;

  private final String uri;
  private final Optional<Path> data;
  private final List<String> command;
  private Optional<Process> process = Optional.empty();

  private MilvusEngine(String uri, Optional<Path> data, List<String> command) {
    this.uri = uri;
    this.data = data;
    this.command = command;
  }

  /** The Milvus that the tests of this JVM share. */
  public static synchronized MilvusEngine shared(Kind kind) {
    Attempt<MilvusEngine> known = SHARED.get(kind);
    if (known == null) {
      known =
          EngineOrder.first(
              EngineOrder.required(),
              () -> given(kind),
              () -> container(kind),
              () -> ofPackage(kind, "http", List.of()));
      if (known instanceof Attempt.Found<MilvusEngine>(MilvusEngine engine)) {
        Runtime.getRuntime().addShutdownHook(new Thread(engine::close));
      }
      SHARED.put(kind, known);
    }
    return EngineOrder.take("Milvus", known, EngineOrder.required());
  }

  /** A separate Milvus that may be killed: always a process. */
  public static MilvusEngine own(Kind kind) {
    return EngineOrder.take(
        "Milvus that may be killed", ofPackage(kind, "http", List.of()), EngineOrder.required());
  }

  /**
   * A separate standalone that requires {@link #TOKEN}, over TLS: always a process.
   *
   * @param mutual whether clients need a certificate, too
   */
  public static MilvusEngine secured(Certificates certificates, boolean mutual) {
    List<String> security =
        List.of(
            "--authorization-enabled",
            "true",
            "--tls-mode",
            mutual ? "2" : "1",
            "--server-pem-path",
            certificates.certificate("server").toString(),
            "--server-key-path",
            certificates.key("server").toString(),
            "--ca-pem-path",
            certificates.authority().toString());
    return EngineOrder.take(
        "Milvus over TLS", ofPackage(Kind.STANDALONE, "https", security), EngineOrder.required());
  }

  private static Attempt<MilvusEngine> given(Kind kind) {
    return EngineOrder.given(kind.variable)
        .then(uri -> new Attempt.Found<>(new MilvusEngine(uri, Optional.empty(), List.of())));
  }

  /** All data is in one folder, as in {@code docker-compose.yml}. */
  private static Attempt<MilvusEngine> container(Kind kind) {
    return switch (kind) {
      case LITE -> new Attempt.Missing<>("there is no image of Milvus Lite");
      case STANDALONE ->
          Containers.image(Kind.IMAGE, "milvus")
              .then(
                  image ->
                      Containers.start(
                          "milvus",
                          image,
                          Map.of(PORT, 0, HEALTH, 0),
                          Map.of(
                              "DEPLOY_MODE", "STANDALONE",
                              "ETCD_USE_EMBED", "true",
                              "ETCD_DATA_DIR", "/var/lib/milvus/etcd",
                              "COMMON_STORAGETYPE", "local"),
                          List.of("milvus", "run", "standalone"),
                          running -> healthy(Containers.address(running, HEALTH)),
                          START))
              .then(
                  running ->
                      new Attempt.Found<>(
                          new MilvusEngine(
                              "http://" + Containers.address(running, PORT),
                              Optional.empty(),
                              List.of())));
    };
  }

  private static boolean healthy(String address) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) URI.create("http://" + address + "/healthz").toURL().openConnection();
      connection.setConnectTimeout(500);
      connection.setReadTimeout(2000);
      return connection.getResponseCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private static Attempt<MilvusEngine> ofPackage(Kind kind, String scheme, List<String> security) {
    Path program = EngineFolder.path().resolve(kind.program);
    if (!Files.isExecutable(program)) {
      return new Attempt.Missing<>("`scripts/engines all` has not installed " + program);
    }
    try {
      Path data = Files.createTempDirectory("lookalike-milvus");
      int port = FreePorts.next();
      List<String> command =
          switch (kind) {
            case STANDALONE -> standalone(program, data, port, security);
            case LITE ->
                List.of(
                    program.toString(),
                    "server",
                    "--host",
                    "127.0.0.1",
                    "--data-dir",
                    data.toString(),
                    "--port",
                    Integer.toString(port));
          };
      MilvusEngine engine =
          new MilvusEngine(scheme + "://127.0.0.1:" + port, Optional.of(data), command);
      engine.start();
      return new Attempt.Found<>(engine);
    } catch (IOException e) {
      return new Attempt.Broken<>("Milvus does not start: " + e.getMessage());
    }
  }

  /**
   * Each part gets its own port. Only etcd can be set to listen on loopback, by a file: otherwise
   * it always takes 2379 and 2380, and a machine cannot run a second Milvus.
   */
  private static List<String> standalone(Path program, Path data, int port, List<String> security)
      throws IOException {
    String peer = "http://127.0.0.1:" + FreePorts.next();
    String client = "http://127.0.0.1:" + FreePorts.next();
    Files.writeString(
        data.resolve("etcd.yaml"),
        String.join(
            "\n",
            "listen-client-urls: " + client,
            "advertise-client-urls: " + client,
            "listen-peer-urls: " + peer,
            "initial-advertise-peer-urls: " + peer,
            "initial-cluster: default=" + peer,
            ""));
    List<String> command = new ArrayList<>();
    command.addAll(List.of(program.toString(), "--data", data.toString()));
    command.addAll(List.of("--proxy-port", Integer.toString(port)));
    command.addAll(security);
    // After a crash its parts wait for the old leases to expire, by default 30 s.
    command.addAll(List.of("--extra-config", "common.session.ttl=5"));
    for (String part :
        List.of(
            "root-coord",
            "proxy-internal",
            "query-coord",
            "query-node",
            "index-coord",
            "index-node",
            "data-coord",
            "data-node")) {
      command.addAll(List.of("--" + part + "-port", Integer.toString(FreePorts.next())));
    }
    return command;
  }

  /** Its address. */
  public String uri() {
    return uri;
  }

  /** Starts it on its existing data; also after a kill. */
  public void start() throws IOException {
    Path home = data.orElseThrow();
    Path unpacked = home.resolve("bin");
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.put("ETCD_CONFIG_PATH", home.resolve("etcd.yaml").toString());
    if (Files.isExecutable(unpacked.resolve("milvus"))) {
      // The package's own start would choose another port while connections to this one are
      // closing.
      builder.command(unpacked.resolve("milvus").toString(), "run", "standalone");
      builder.directory(home.toFile());
      environment.put("DEPLOY_MODE", "STANDALONE");
      environment.put("METRICS_PORT", Integer.toString(FreePorts.next()));
      environment.put("MILVUS_RUN_DIR", home.resolve("run").toString());
      environment.put("LD_LIBRARY_PATH", unpacked.toString());
    }
    File log = home.resolve("log.txt").toFile();
    builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log));
    Process started = builder.start();
    process = Optional.of(started);
    long deadline = System.nanoTime() + START.toNanos();
    URI address = URI.create(uri);
    while (!answers(address)) {
      if (!started.isAlive() || System.nanoTime() > deadline) {
        throw new IOException("Milvus does not listen; see " + log);
      }
      sleep();
    }
  }

  private static boolean answers(URI address) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), 500);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Kills it, as a crash of the machine would. */
  public void kill() {
    process.ifPresent(
        running -> {
          List<ProcessHandle> all = new ArrayList<>(running.descendants().toList());
          all.add(running.toHandle());
          all.forEach(ProcessHandle::destroyForcibly);
          all.forEach(each -> each.onExit().join());
        });
    process = Optional.empty();
  }

  /** Kills it and deletes its data. */
  @Override
  public void close() {
    kill();
    data.ifPresent(
        directory -> {
          try (Stream<Path> inside = Files.walk(directory)) {
            for (Path each : inside.sorted(Comparator.reverseOrder()).toList()) {
              Files.deleteIfExists(each);
            }
          } catch (IOException e) {
            // Left to the cleaning of temporary files.
          }
        });
  }
}
