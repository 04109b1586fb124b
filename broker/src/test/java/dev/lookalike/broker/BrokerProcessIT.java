package dev.lookalike.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrokerProcessIT {

  @TempDir Path directory;

  @Test
  void keepsWhatItAcknowledgedThroughKillAndStopAndTakesLargeMessages() throws Exception {
    byte[] largest = new byte[2 << 20];
    Arrays.fill(largest, (byte) 7);
    try (BrokerProcess broker = BrokerProcess.startOnFreePorts(directory.resolve("a b\u00e9"))) {
      createTopic(broker, "t");
      send(broker, "t", "one".getBytes(), largest);
      broker.kill();
      broker.restart();
      send(broker, "t", "two".getBytes());
      assertThat(read(broker, "t")).containsExactly("one".getBytes(), largest, "two".getBytes());
      broker.close();
      assertThat(ProcessHandle.of(broker.pid())).isEmpty();
      broker.restart();
      assertThat(read(broker, "t")).hasSize(3);
    }
  }

  @Test
  void listensOnLoopbackOnlyAndCreatesNoTopicByItself() throws Exception {
    try (BrokerProcess broker = BrokerProcess.startOnFreePorts(directory)) {
      assertThat(broker.bootstrapServers()).startsWith("127.0.0.1:");
      try (Admin admin =
          Admin.create(Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers()))) {
        assertThat(admin.describeCluster().nodes().get()).hasSize(1);
        assertThatThrownBy(() -> admin.describeTopics(List.of("absent")).allTopicNames().get())
            .hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
      }
      String hex = "%04X".formatted(Integer.parseInt(broker.bootstrapServers().split(":", 2)[1]));
      String listener = ":" + hex + " 0{8,32}:0000 0A";
      assertThat(
              Stream.of("tcp", "tcp6")
                  .flatMap(table -> sockets(broker.pid(), table))
                  .filter(line -> Pattern.compile(listener).matcher(line).find()))
          .hasSize(1)
          .allMatch(l -> l.contains("0100007F:" + hex));
    }
  }

  @Test
  void saysWhyItDoesNotStart() {
    try (BrokerProcess broker = BrokerProcess.startOnFreePorts(directory.resolve("one"))) {
      int port = Integer.parseInt(broker.bootstrapServers().split(":", 2)[1]);
      assertThatThrownBy(
              () -> BrokerProcess.start(directory.resolve("two"), port, FreePorts.next()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("cannot start")
          .hasMessageContaining("" + port);
    }
  }

  private static Stream<String> sockets(long pid, String table) {
    try {
      return Files.readAllLines(Path.of("/proc/" + pid + "/net/" + table)).stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void createTopic(BrokerProcess broker, String topic) throws Exception {
    try (Admin admin =
        Admin.create(Map.<String, Object>of("bootstrap.servers", broker.bootstrapServers()))) {
      admin
          .createTopics(List.of(new NewTopic(topic, 1, (short) 1)))
          .all()
          .get(20, TimeUnit.SECONDS);
    }
  }

  private static void send(BrokerProcess broker, String topic, byte[]... values) throws Exception {
    Map<String, Object> config =
        Map.of(
            "bootstrap.servers",
            broker.bootstrapServers(),
            "acks",
            "all",
            "max.request.size",
            4 << 20);
    try (Producer<byte[], byte[]> producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (byte[] value : values) {
        producer.send(new ProducerRecord<>(topic, value)).get(20, TimeUnit.SECONDS);
      }
    }
  }

  private static List<byte[]> read(BrokerProcess broker, String topic) {
    Map<String, Object> config =
        Map.of("bootstrap.servers", broker.bootstrapServers(), "auto.offset.reset", "earliest");
    try (Consumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = Objects.requireNonNull(consumer.endOffsets(List.of(partition)).get(partition));
      List<byte[]> values = new ArrayList<>();
      while (consumer.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          values.add(record.value());
        }
      }
      return values;
    }
  }
}
