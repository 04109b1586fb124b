package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.log.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** Replaying any suffix of a topic converges to the same state, and brings nothing back. */
class ReplayIT {
  private final RunningSystem system = RunningSystem.get();
  private final Api api = system.api;

  @Test
  void suffixesOfEmbeddingsAndAnnotationsChangeNothing() {
    JsonNode collection = eventful("replay");
    List<JsonNode> before = settled("replay");

    Random random = new Random(7);
    String id = collection.path("id").asText();
    String build = api.get("/v1/collections/replay/index").ok().path("build_id").asText();
    for (int round = 0; round < 4; round++) {
      appendSuffixAgain(Topics.embeddings(id, build), random.nextDouble());
      appendSuffixAgain(Topics.annotations(id), random.nextDouble());
    }
    // A new upload behind the repeated records in every partition: when all of these are
    // searchable, so were they read.
    List<String> tokens = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      tokens.add(api.put("replay", "fence" + i, Pictures.jpeg(3000 + i), Map.of()).token());
    }
    api.await(tokens, Duration.ofSeconds(60));
    List<String> fences = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      fences.add(api.delete("replay", "fence" + i).ok().path("token").asText());
    }
    api.await(fences, Duration.ofSeconds(60));

    List<JsonNode> after =
        settled("replay").stream()
            .filter(entry -> !entry.path("image_id").asText().startsWith("fence"))
            .toList();
    assertThat(after).isEqualTo(before);
  }

  @Test
  void aLostIndexRebuildsItselfFromTheLog() {
    JsonNode collection = eventful("rebuild");
    List<JsonNode> before = settled("rebuild");

    ProcessHandle query = system.process(RunningSystem.Part.QUERY);
    deleteIndexOf(collection.path("id").asText());
    RunningSystem.kill(query);
    awaitAnswers("rebuild");

    assertThat(settled("rebuild")).isEqualTo(before);
  }

  /** Puts, replaces, patches and deletes, so that order matters. */
  private JsonNode eventful(String name) {
    JsonNode collection = api.createCollection(name, Map.of("partitions", 3)).ok();
    List<String> tokens = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      tokens.add(api.put(name, "i" + i, Pictures.jpeg(1000 + i), Map.of("n", i)).token());
    }
    api.await(tokens, Duration.ofSeconds(60));
    for (int i = 0; i < 30; i += 3) {
      api.patch(name, "i" + i, Map.of("set", Map.of("price", i), "labels", List.of("third"))).ok();
    }
    for (int i = 0; i < 30; i += 6) {
      tokens.add(api.put(name, "i" + i, Pictures.jpeg(2000 + i), Map.of("n", -i)).token());
    }
    for (int i = 0; i < 30; i += 5) {
      tokens.add(api.delete(name, "i" + i).ok().path("token").asText());
    }
    tokens.add(api.put(name, "i5", Pictures.jpeg(2500), Map.of("n", 5000)).token());
    api.await(tokens, Duration.ofSeconds(60));
    return collection;
  }

  /** All entries in all states, read until two readings a second apart agree. */
  private List<JsonNode> settled(String collection) {
    List<JsonNode> last = api.everything(collection, true);
    for (int i = 0; i < 30; i++) {
      sleep(Duration.ofSeconds(1));
      List<JsonNode> now = api.everything(collection, true);
      if (now.equals(last)) {
        return now;
      }
      last = now;
    }
    throw new AssertionError("entries of " + collection + " keep changing");
  }

  private void awaitAnswers(String collection) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (System.nanoTime() < deadline) {
      try {
        if (api.get("/q/health/ready").status() == 200
            && api.get("/v1/collections/" + collection + "/count").status() == 200) {
          return;
        }
      } catch (UncheckedIOException e) {
        // Not up yet.
      }
      sleep(Duration.ofMillis(200));
    }
    throw new AssertionError("query-service did not come back");
  }

  private void deleteIndexOf(String collectionId) {
    try (Stream<Path> walk = Files.walk(system.home)) {
      List<Path> doomed =
          walk.filter(path -> path.getFileName().toString().equals(collectionId))
              .filter(path -> path.toString().contains("index"))
              .toList();
      assertThat(doomed).as("index directory of " + collectionId).hasSize(1);
      try (Stream<Path> inside = Files.walk(doomed.getFirst())) {
        for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Appends the last {@code share} of each partition of a topic once more, in its order. */
  private void appendSuffixAgain(String topic, double share) {
    Map<Integer, List<ConsumerRecord<byte[], byte[]>>> partitions =
        LogReader.read(system.bootstrapServers(), topic).stream()
            .collect(Collectors.groupingBy(ConsumerRecord::partition));
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", system.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (List<ConsumerRecord<byte[], byte[]>> records : partitions.values()) {
        for (ConsumerRecord<byte[], byte[]> record :
            records.subList((int) (records.size() * share), records.size())) {
          producer
              .send(new ProducerRecord<>(topic, record.partition(), record.key(), record.value()))
              .get();
        }
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
