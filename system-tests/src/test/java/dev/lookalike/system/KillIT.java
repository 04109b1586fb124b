package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * kill -9 in the middle of an import, of each process and of all at once: every acknowledged image
 * ends searchable, none twice, and the stream goes on within ten seconds of the last process being
 * up again.
 */
class KillIT {
  private static final int IMAGES = 240;
  private static final Duration GOES_ON_WITHIN = Duration.ofSeconds(10);

  private final RunningSystem system = RunningSystem.get();
  private final Api api = system.api;

  static Stream<Arguments> victims() {
    return Stream.of(
        Arguments.of("broker", List.of(RunningSystem.Part.BROKER)),
        Arguments.of("ingest", List.of(RunningSystem.Part.INGEST)),
        Arguments.of("embed", List.of(RunningSystem.Part.EMBED)),
        Arguments.of("query", List.of(RunningSystem.Part.QUERY)),
        Arguments.of("all", List.of(RunningSystem.Part.values())));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("victims")
  void everyAcknowledgedImageIsSearchableOnce(String name, List<RunningSystem.Part> parts)
      throws Exception {
    String collection = "kill-" + name;
    String collectionId =
        api.createCollection(collection, Map.of("partitions", 2)).ok().path("id").asText();
    List<ProcessHandle> victims = system.processes(parts);

    ConcurrentSkipListMap<String, String> acknowledged = new ConcurrentSkipListMap<>();
    ExecutorService uploaders = Executors.newFixedThreadPool(4);
    List<Future<?>> uploads = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      int image = i;
      uploads.add(
          uploaders.submit(
              () -> {
                acknowledged.put("k" + image, putUntilAcknowledged(collection, image));
                return null;
              }));
    }
    while (acknowledged.size() < IMAGES / 4) {
      Thread.sleep(5);
    }
    int before = acknowledged.size();
    victims.forEach(RunningSystem::kill);
    assertThat(before).as("killed in the middle of the import").isLessThan(IMAGES);

    system.awaitReady();
    long up = System.nanoTime();
    api.await(putUntilAcknowledged(collection, IMAGES));
    Duration took = Duration.ofNanos(System.nanoTime() - up);
    System.out.printf("%s killed: stream goes on %d ms after all are up%n", name, took.toMillis());
    assertThat(took).isLessThan(GOES_ON_WITHIN);

    for (Future<?> upload : uploads) {
      upload.get();
    }
    uploaders.shutdown();
    assertThat(api.await(new ArrayList<>(acknowledged.values()), Duration.ofSeconds(120)))
        .extracting(status -> status.path("state").asText())
        .containsOnly("searchable");
    assertThat(api.count(collection).path("searchable").asInt()).isEqualTo(IMAGES + 1);
    assertThat(api.everything(collection, false))
        .extracting(entry -> entry.path("image_id").asText())
        .doesNotHaveDuplicates()
        .hasSize(IMAGES + 1);
    oneOutcomeForEachRecord(collectionId, collection);
  }

  /** The token of the acknowledgement; a client's retries on whatever a dying system answers. */
  private String putUntilAcknowledged(String collection, int image) throws InterruptedException {
    byte[] picture = Pictures.jpeg(10_000 + image);
    while (true) {
      try {
        Api.Answer answer = api.tryPut(collection, "k" + image, picture, Map.of("n", image));
        if (answer.status() == 202) {
          return Api.accepted(answer).token();
        }
        assertThat(answer.status()).as(answer.body().toString()).isIn(429, 503);
      } catch (UncheckedIOException e) {
        // Refused or broken connection: the service is being restarted.
      }
      Thread.sleep(100);
    }
  }

  private void oneOutcomeForEachRecord(String collectionId, String collection) {
    String build =
        api.get("/v1/collections/" + collection + "/index").ok().path("build_id").asText();
    Map<String, Integer> outcomes = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> record :
        LogReader.read(system.bootstrapServers(), Topics.embeddings(collectionId, build))) {
      try {
        EmbeddingEvent event = EmbeddingEvent.parseFrom(record.value());
        outcomes.merge(record.partition() + "@" + event.getSource().getOffset(), 1, Integer::sum);
      } catch (InvalidProtocolBufferException e) {
        throw new AssertionError(e);
      }
    }
    Map<String, Integer> expected = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> record :
        LogReader.read(system.bootstrapServers(), Topics.images(collectionId))) {
      expected.put(record.partition() + "@" + record.offset(), 1);
    }
    assertThat(outcomes).isEqualTo(expected);
  }
}
