package dev.lookalike.broker;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.Uuid;

/**
 * A quorum of brokers that are also controllers, each in its own JVM, on loopback: records
 * acknowledged by all in-sync replicas survive the loss of one broker of three. Not thread-safe.
 */
public final class BrokerCluster implements AutoCloseable {
  private final List<BrokerProcess> nodes;

  private BrokerCluster(List<BrokerProcess> nodes) {
    this.nodes = nodes;
  }

  /**
   * Starts all nodes together, because a quorum must be up, and waits until all answer. Topics have
   * as many replicas as there are nodes, up to three, and two replicas must have a record.
   *
   * @param directory for their logs
   * @param overrides for each node, under Kafka's names
   */
  public static BrokerCluster start(Path directory, int count, Map<String, String> overrides) {
    List<BrokerSettings> settings = settings(directory, count, overrides);
    List<CompletableFuture<BrokerProcess>> starting = new ArrayList<>();
    try (ExecutorService starters = Executors.newFixedThreadPool(count)) {
      for (BrokerSettings each : settings) {
        starting.add(CompletableFuture.supplyAsync(() -> BrokerProcess.start(each), starters));
      }
    }
    if (starting.stream().anyMatch(CompletableFuture::isCompletedExceptionally)) {
      starting.stream()
          .filter(each -> !each.isCompletedExceptionally())
          .forEach(each -> each.join().kill());
    }
    return new BrokerCluster(starting.stream().map(CompletableFuture::join).toList());
  }

  private static List<BrokerSettings> settings(
      Path directory, int count, Map<String, String> overrides) {
    int[] ports = IntStream.generate(FreePorts::next).limit(2 * count).toArray();
    List<String> voters = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      voters.add("%d@%s:%d".formatted(i + 1, BrokerSettings.HOST, ports[count + i]));
    }
    String replicas = Integer.toString(Math.min(3, count));
    String insync = Integer.toString(Math.min(2, count));
    Map<String, String> shared = new HashMap<>();
    shared.put(BrokerSettings.CLUSTER_ID, Uuid.randomUuid().toString());
    shared.put("controller.quorum.voters", String.join(",", voters));
    shared.put("default.replication.factor", replicas);
    shared.put("min.insync.replicas", insync);
    for (String internal :
        List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
      shared.put(internal + ".replication.factor", replicas);
    }
    shared.put("transaction.state.log.min.isr", insync);
    shared.put("share.coordinator.state.topic.min.isr", insync);
    // A slow replica soon falls out of sync and does not delay the others.
    shared.put("replica.lag.time.max.ms", "5000");
    shared.putAll(overrides);
    List<BrokerSettings> settings = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Map<String, String> own = new HashMap<>(shared);
      own.put("node.id", Integer.toString(i + 1));
      settings.add(
          new BrokerSettings(directory.resolve("node" + (i + 1)), ports[i], ports[count + i], own));
    }
    return settings;
  }

  /** Where clients connect, for {@code bootstrap.servers}. */
  public String bootstrapServers() {
    return nodes.stream().map(BrokerProcess::bootstrapServers).collect(Collectors.joining(","));
  }

  /** A node to kill or restart; its id is {@code index + 1}. */
  public BrokerProcess node(int index) {
    return nodes.get(index);
  }

  /** Kills all nodes: no data needs to be kept. */
  @Override
  public void close() {
    nodes.forEach(BrokerProcess::kill);
  }
}
