package dev.lookalike.engines;

import dev.lookalike.broker.BrokerProcess;
import dev.lookalike.broker.FreePorts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/**
 * A real Kafka for a test class, without topics of Lookalike. Looked for in this order: the one at
 * {@code LOOKALIKE_TEST_KAFKA}; a container of the image in {@code LOOKALIKE_TEST_KAFKA_IMAGE}, by
 * default the one of {@code scripts/images}; a broker of module {@code broker} in its own JVM. The
 * last is always available.
 *
 * <p>All tests that need only an address use it, in every module. A container starts once for each
 * test JVM, which is one per module, in 4 s on two idle cores, and is emptied after each class; a
 * process takes 2 s for each class. Tests that kill the broker use their own {@link BrokerProcess}.
 *
 * <p>A given Kafka must be for tests only: without topics of Lookalike, accepting records of 4 MiB
 * and sessions of a second, and used by one build at a time.
 */
public final class KafkaEngine implements AutoCloseable {
  private static final String ADDRESS = "LOOKALIKE_TEST_KAFKA";
  private static final String IMAGE = "LOOKALIKE_TEST_KAFKA_IMAGE";

  /** Prefix of all topics of the log. */
  private static final String TOPICS = "lookalike.";

  private static final Duration START = Duration.ofSeconds(120);
  private static final int PORT = 9092;

  /** The container that the tests of this JVM share; null until first used. */
  private static @Nullable Attempt<String> container;

  private final String bootstrapServers;
  private final AutoCloseable end;

  private KafkaEngine(String bootstrapServers, AutoCloseable end) {
    this.bootstrapServers = bootstrapServers;
    this.end = end;
  }

  /**
   * Returns a Kafka that answers.
   *
   * @param directory of the log, if it is a process
   */
  public static KafkaEngine start(Path directory) {
    return EngineOrder.take(
        "Kafka",
        EngineOrder.first(
            EngineOrder.required(),
            () -> EngineOrder.given(ADDRESS).then(KafkaEngine::shared),
            () -> container().then(KafkaEngine::shared),
            () -> process(directory)),
        EngineOrder.required());
  }

  /** Where clients connect, for {@code bootstrap.servers}. */
  public String bootstrapServers() {
    return bootstrapServers;
  }

  /** Stops it, or leaves it without topics of Lookalike, as it was found. */
  @Override
  public void close() {
    try {
      end.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static Attempt<KafkaEngine> process(Path directory) {
    BrokerProcess broker = BrokerProcess.startOnFreePorts(directory);
    return new Attempt.Found<>(new KafkaEngine(broker.bootstrapServers(), broker));
  }

  private static Attempt<KafkaEngine> shared(String at) {
    Set<String> topics = topics(at);
    if (!topics.isEmpty()) {
      return new Attempt.Broken<>(
          "the Kafka at %s is not for tests only, or a test is using it: it has %s"
              .formatted(at, topics));
    }
    return new Attempt.Found<>(new KafkaEngine(at, () -> empty(at)));
  }

  private static Set<String> topics(String at) {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", at))) {
      return topics(admin);
    }
  }

  private static Set<String> topics(Admin admin) {
    try {
      Set<String> topics = new TreeSet<>(admin.listTopics().names().get(30, TimeUnit.SECONDS));
      topics.removeIf(topic -> !topic.startsWith(TOPICS));
      return topics;
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("Kafka does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Deleting topics also deletes the offsets committed by groups. */
  private static void empty(String at)
      throws ExecutionException, TimeoutException, InterruptedException {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", at))) {
      admin.deleteTopics(topics(admin)).all().get(30, TimeUnit.SECONDS);
      long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (!topics(admin).isEmpty() && System.nanoTime() < deadline) {
        Thread.sleep(20);
      }
    }
  }

  private static synchronized Attempt<String> container() {
    Attempt<String> known = container;
    if (known == null) {
      known = Containers.image(IMAGE, "kafka").then(KafkaEngine::container);
      container = known;
    }
    return known;
  }

  private static Attempt<String> container(String image) {
    for (int attempt = 1; ; attempt++) {
      int port = FreePorts.next();
      Attempt<String> started =
          Containers.start(
                  "kafka",
                  image,
                  Map.of(PORT, port),
                  environment(port),
                  List.of(),
                  running -> running.getLogs().contains("Kafka Server started"),
                  START)
              .then(running -> new Attempt.Found<>(Containers.address(running, PORT)));
      boolean portWasTaken =
          started instanceof Attempt.Broken<String>(String why)
              && (why.contains("already allocated") || why.contains("already in use"));
      if (!portWasTaken || attempt == 3) {
        return started;
      }
    }
  }

  /**
   * As in {@code docker-compose.yml}. The broker talks to itself through its own listener, because
   * the clients' address is not valid inside the container.
   */
  private static Map<String, String> environment(int port) {
    Map<String, String> properties = new TreeMap<>();
    properties.put("node.id", "1");
    properties.put("process.roles", "broker,controller");
    properties.put("listeners", "CLIENT://:%d,BROKER://:9094,CONTROLLER://:9093".formatted(PORT));
    properties.put(
        "advertised.listeners", "CLIENT://127.0.0.1:%d,BROKER://localhost:9094".formatted(port));
    properties.put(
        "listener.security.protocol.map", "CLIENT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT");
    properties.put("inter.broker.listener.name", "BROKER");
    properties.put("controller.listener.names", "CONTROLLER");
    properties.put("controller.quorum.voters", "1@localhost:9093");
    properties.put("log.dirs", "/var/lib/kafka/data");
    for (String topic : List.of("offsets.topic", "transaction.state.log")) {
      properties.put(topic + ".replication.factor", "1");
      properties.put(topic + ".num.partitions", "1");
    }
    properties.put("transaction.state.log.min.isr", "1");
    properties.put("auto.create.topics.enable", "false");
    properties.put("message.max.bytes", Integer.toString(4 << 20));
    properties.put("replica.fetch.max.bytes", Integer.toString(4 << 20));
    properties.put("group.min.session.timeout.ms", "1000");
    properties.put("group.initial.rebalance.delay.ms", "0");
    properties.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");
    Map<String, String> environment = new TreeMap<>();
    properties.forEach(
        (name, value) ->
            environment.put("KAFKA_" + name.toUpperCase(Locale.ROOT).replace('.', '_'), value));
    // Options for the image's start script: small heap, and no time spent on optimising code that
    // runs for minutes.
    environment.put("KAFKA_HEAP_OPTS", "-Xms64m -Xmx256m");
    environment.put("KAFKA_OPTS", "-XX:TieredStopAtLevel=1");
    return environment;
  }
}
