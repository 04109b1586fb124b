package dev.lookalike.engines;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaEngineIT {
  private static final TopicPartition PARTITION = new TopicPartition("lookalike.images.x", 0);

  @TempDir Path directory;

  @Test
  void eachClassFindsItEmptyAndWithWhatTheServicesNeed() throws Exception {
    for (String each : List.of("one", "two")) {
      try (KafkaEngine kafka = KafkaEngine.start(directory.resolve(each))) {
        useOnce(kafka.bootstrapServers());
      }
    }
  }

  /** Creates a topic, a transaction with the largest record and an offset; none exists before. */
  private static void useOnce(String at) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", at))) {
      assertThat(admin.listTopics().names().get()).isEmpty();
      NewTopic topic = new NewTopic(PARTITION.topic(), Optional.of(1), Optional.empty());
      admin
          .createTopics(List.of(topic.configs(Map.of("max.message.bytes", "2097152"))))
          .all()
          .get();
      try (KafkaProducer<byte[], byte[]> producer =
          new KafkaProducer<>(
              Map.of("bootstrap.servers", at, "transactional.id", "t", "max.request.size", 4 << 20),
              new ByteArraySerializer(),
              new ByteArraySerializer())) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(PARTITION.topic(), new byte[2_000_000])).get();
        producer.commitTransaction();
      }
      try (KafkaConsumer<byte[], byte[]> consumer =
          new KafkaConsumer<>(
              Map.of("bootstrap.servers", at, "group.id", "g", "isolation.level", "read_committed"),
              new ByteArrayDeserializer(),
              new ByteArrayDeserializer())) {
        consumer.assign(List.of(PARTITION));
        assertThat(admin.listConsumerGroupOffsets("g").partitionsToOffsetAndMetadata().get())
            .isEmpty();
        consumer.seekToBeginning(List.of(PARTITION));
        ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofSeconds(20));
        assertThat(records).hasSize(1);
        for (ConsumerRecord<byte[], byte[]> record : records) {
          assertThat(record.offset()).isZero();
          consumer.commitSync(Map.of(PARTITION, new OffsetAndMetadata(record.offset() + 1)));
        }
      }
    }
  }
}
