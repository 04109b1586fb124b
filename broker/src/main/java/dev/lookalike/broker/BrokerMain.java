package dev.lookalike.broker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.logging.ConsoleHandler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;

/**
 * Runs one Kafka broker until its standard input ends or it gets SIGTERM, so that it never outlives
 * the process that started it. Writes {@value #READY} and its address to standard output once it
 * answers; logs warnings to standard error. Exit codes: 0 stopped, 1 could not start, 2 wrong
 * arguments.
 */
public final class BrokerMain {

  /** First word of the line on standard output after which clients may connect. */
  static final String READY = "READY";

  private BrokerMain() {}

  /**
   * Arguments: directory, port, controller port, and optionally a properties file that overrides
   * ours.
   */
  public static void main(String[] args) {
    if (args.length != 3 && args.length != 4) {
      System.err.println("usage: BrokerMain DIRECTORY PORT CONTROLLER_PORT [PROPERTIES]");
      System.exit(2);
    }
    logWarnings();
    KafkaRaftServer server;
    String bootstrapServers;
    try {
      BrokerSettings settings =
          new BrokerSettings(
              Path.of(args[0]),
              Integer.parseInt(args[1]),
              Integer.parseInt(args[2]),
              args.length == 4 ? properties(Path.of(args[3])) : Map.of());
      bootstrapServers = settings.bootstrapServers();
      format(settings);
      server = new KafkaRaftServer(KafkaConfig.fromProps(settings.kafka()), Time.SYSTEM);
      CountDownLatch stopped = new CountDownLatch(1);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, stopped), "stop"));
      exitWhenInputEnds(System.in);
      server.startup();
    } catch (IOException | RuntimeException e) {
      System.err.println("broker: cannot start: " + reasons(e));
      System.exit(1);
      return;
    }
    System.out.println(READY + " " + bootstrapServers);
    System.out.flush();
    server.awaitShutdown();
  }

  private static Map<String, String> properties(Path file) throws IOException {
    Properties read = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      read.load(reader);
    }
    Map<String, String> properties = new HashMap<>();
    read.stringPropertyNames().forEach(name -> properties.put(name, read.getProperty(name)));
    return properties;
  }

  private static void stop(KafkaRaftServer server, CountDownLatch stopped) {
    if (stopped.getCount() > 0) {
      stopped.countDown();
      server.shutdown();
      server.awaitShutdown();
    }
  }

  /** Kafka's explanation may be in the innermost or in the outermost cause. */
  private static String reasons(Throwable e) {
    StringBuilder text = new StringBuilder();
    for (Throwable t = e; t != null; t = t.getCause()) {
      text.append(text.isEmpty() ? "" : ": ").append(t.getMessage() == null ? t : t.getMessage());
    }
    return text.toString();
  }

  private static void exitWhenInputEnds(InputStream input) {
    Thread watcher =
        new Thread(
            () -> {
              try {
                input.transferTo(OutputStream.nullOutputStream());
              } catch (IOException e) {
                // A broken pipe ends the input, too.
              }
              System.exit(0);
            },
            "exit-with-parent");
    watcher.setDaemon(true);
    watcher.start();
  }

  /** Formats an empty directory with a cluster id. Leaves a formatted directory alone. */
  private static void format(BrokerSettings settings) throws IOException {
    if (Files.exists(settings.directory().resolve("meta.properties"))) {
      return;
    }
    Files.createDirectories(settings.directory());
    Path properties = Files.createTempFile("broker", ".properties");
    try {
      try (OutputStream out = Files.newOutputStream(properties)) {
        settings.kafka().store(out, null);
      }
      String[] command = {
        "format",
        "--cluster-id",
        settings.overrides().getOrDefault(BrokerSettings.CLUSTER_ID, Uuid.randomUuid().toString()),
        "--config",
        properties.toString(),
        "--ignore-formatted"
      };
      if (StorageTool.execute(command, new PrintStream(OutputStream.nullOutputStream())) != 0) {
        throw new IOException("cannot format " + settings.directory());
      }
    } finally {
      Files.delete(properties);
    }
  }

  private static void logWarnings() {
    if (System.getProperty("java.util.logging.SimpleFormatter.format") == null) {
      System.setProperty(
          "java.util.logging.SimpleFormatter.format", "%1$tF %1$tT,%1$tL %4$s [%3$s] %5$s%6$s%n");
    }
    LogManager.getLogManager().reset();
    ConsoleHandler handler = new ConsoleHandler();
    handler.setFormatter(new SimpleFormatter());
    Logger root = Logger.getLogger("");
    root.addHandler(handler);
    root.setLevel(Level.parse(System.getProperty("lookalike.broker.log-level", "WARNING")));
  }
}
