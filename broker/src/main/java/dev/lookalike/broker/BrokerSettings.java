package dev.lookalike.broker;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;

/**
 * Settings of a broker on one machine.
 *
 * @param directory of the log; created and formatted if empty
 * @param port of the clients, on loopback only
 * @param controllerPort of the KRaft controller, on loopback only; used by the broker itself
 * @param overrides replace the settings made here, under Kafka's names, such as {@code node.id} in
 *     a cluster; {@link #CLUSTER_ID} sets the identity of the log
 */
public record BrokerSettings(
    Path directory, int port, int controllerPort, Map<String, String> overrides) {

  /** Key of the identity that the nodes of a cluster share; a single node generates its own. */
  static final String CLUSTER_ID = "cluster.id";

  /** Loopback only: there is no authentication. */
  static final String HOST = "127.0.0.1";

  /**
   * Largest record batch in bytes. Topics of images allow 2 MiB (docs/contracts.md); the margin is
   * for batch and record headers and for topics created with another limit.
   */
  static final int MAX_MESSAGE_BYTES = 4 << 20;

  public BrokerSettings {
    directory = Objects.requireNonNull(directory).toAbsolutePath().normalize();
    overrides = Map.copyOf(overrides);
    checkPort(port);
    checkPort(controllerPort);
    if (port == controllerPort) {
      throw new IllegalArgumentException("broker and controller use the same port " + port);
    }
  }

  /** A cluster of one node. */
  public BrokerSettings(Path directory, int port, int controllerPort) {
    this(directory, port, controllerPort, Map.of());
  }

  private static void checkPort(int port) {
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("not a port: " + port);
    }
  }

  /** Where clients connect. */
  public String bootstrapServers() {
    return HOST + ":" + port;
  }

  /** The broker's configuration, under Kafka's names. */
  Properties kafka() {
    Properties p = new Properties();
    p.setProperty("node.id", "1");
    p.setProperty("process.roles", "broker,controller");
    p.setProperty(
        "listeners",
        "CLIENT://%s:%d,CONTROLLER://%s:%d".formatted(HOST, port, HOST, controllerPort));
    p.setProperty("advertised.listeners", "CLIENT://" + bootstrapServers());
    p.setProperty("listener.security.protocol.map", "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    p.setProperty("inter.broker.listener.name", "CLIENT");
    p.setProperty("controller.listener.names", "CONTROLLER");
    // Static voters: the controller's port is not written into the log, so that it can change.
    p.setProperty("controller.quorum.voters", "1@%s:%d".formatted(HOST, controllerPort));
    p.setProperty("log.dirs", directory.toString());

    // One node: nothing to replicate to, and one partition of each internal topic is quickest to
    // load.
    p.setProperty("default.replication.factor", "1");
    p.setProperty("min.insync.replicas", "1");
    p.setProperty("offsets.topic.num.partitions", "1");
    p.setProperty("offsets.topic.replication.factor", "1");
    p.setProperty("transaction.state.log.num.partitions", "1");
    p.setProperty("transaction.state.log.replication.factor", "1");
    p.setProperty("transaction.state.log.min.isr", "1");
    p.setProperty("share.coordinator.state.topic.num.partitions", "1");
    p.setProperty("share.coordinator.state.topic.replication.factor", "1");
    p.setProperty("share.coordinator.state.topic.min.isr", "1");
    p.setProperty("auto.create.topics.enable", "false");

    // The log is the database: nothing expires by age, and a group that was away for a year can
    // continue.
    p.setProperty("log.retention.ms", "-1");
    p.setProperty("offsets.retention.minutes", Integer.toString(10 * 366 * 24 * 60));
    p.setProperty("message.max.bytes", Integer.toString(MAX_MESSAGE_BYTES));
    p.setProperty("replica.fetch.max.bytes", Integer.toString(MAX_MESSAGE_BYTES));
    p.setProperty("socket.request.max.bytes", Integer.toString(4 * MAX_MESSAGE_BYTES));

    // Back soon after kill -9: the registration of the dead broker ends after 2 s (default 9 s),
    // what a restart must
    // read again of each partition is at most one segment, and a transaction left open by a dead
    // producer is found
    // within a second of its timeout (default 10 s).
    p.setProperty("broker.session.timeout.ms", "2000");
    p.setProperty("broker.heartbeat.interval.ms", "500");
    p.setProperty("log.segment.bytes", Integer.toString(128 << 20));
    p.setProperty("num.recovery.threads.per.data.dir", "2");
    p.setProperty("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");
    p.setProperty("group.initial.rebalance.delay.ms", "0");
    p.setProperty("group.min.session.timeout.ms", "1000");
    p.setProperty("controller.quorum.election.timeout.ms", "200");
    p.setProperty("controller.quorum.election.backoff.max.ms", "100");
    // Each idle write of the controller would be replayed at the next start (default: two a
    // second).
    p.setProperty("metadata.max.idle.interval.ms", "30000");

    // Small: few clients, and a cleaner whose map (24 bytes a key) takes several passes where there
    // are many keys.
    p.setProperty("num.network.threads", "2");
    p.setProperty("num.io.threads", "4");
    p.setProperty("background.threads", "2");
    p.setProperty("queued.max.requests", "64");
    p.setProperty("log.cleaner.threads", "1");
    p.setProperty("log.cleaner.dedupe.buffer.size", Integer.toString(8 << 20));
    p.setProperty("metric.reporters", "");
    p.putAll(overrides);
    p.remove(CLUSTER_ID);
    return p;
  }
}
