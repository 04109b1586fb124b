package dev.lookalike.query;

import static dev.lookalike.query.index.Images.number;
import static dev.lookalike.query.index.Images.randomUnit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lookalike.engines.KafkaEngine;
import dev.lookalike.engines.MilvusEngine;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The index compared with the log, built anew, and kept true to it while its engine dies. */
class IndexOperationsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int DIMENSION = 8;

  /** Of the engine in the middle of the stream. */
  private static final Duration OUTAGE =
      Duration.parse("PT" + System.getProperty("milvus.outage", "2s"));

  @TempDir static Path directory;
  private static KafkaEngine broker;

  @BeforeAll
  static void start() throws Exception {
    broker = KafkaEngine.start(directory.resolve("broker"));
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  private static ServiceProcess serve(String index, String... settings) {
    String[] all = new String[settings.length + 1];
    System.arraycopy(settings, 0, all, 0, settings.length);
    all[settings.length] = "lookalike.kafka.bootstrap-servers=" + broker.bootstrapServers();
    return new ServiceProcess(directory.resolve(index), all);
  }

  private static JsonNode ok(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    try {
      return JSON.readTree(response.body());
    } catch (JsonProcessingException e) {
      throw new AssertionError(response.body(), e);
    }
  }

  /** Images from one offset to another: a tenth rejected, a tenth deleted, some said more of. */
  private static void publish(LogFixture log, int from, int to) {
    Random random = new Random(from);
    for (int start = from; start < to; start += 50) {
      log.begin();
      for (int offset = start; offset < Math.min(to, start + 50); offset++) {
        String id = "i" + random.nextInt(to);
        switch (random.nextInt(10)) {
          case 0 -> log.rejected(id, offset);
          case 1 -> log.removed(id, offset);
          default ->
              log.embedded(id, offset, Map.of("n", number(offset)), randomUnit(random, DIMENSION));
        }
        if (offset % 7 == 0) {
          log.annotate(id, offset, "price", Optional.of(number(offset)));
        }
      }
      log.commit();
    }
    log.flush();
  }

  private static void clean(ServiceProcess service, LogFixture log) {
    JsonNode compared = ok(service.post("/v1/collections/" + log.name() + "/index:compare", ""));
    assertThat(compared.get("compared").asLong()).isPositive();
    assertThat(compared.get("missing").asLong()).as(compared.toString()).isZero();
    assertThat(compared.get("stale").asLong()).as(compared.toString()).isZero();
    assertThat(compared.get("extra").asLong()).as(compared.toString()).isZero();
  }

  private static void rebuild(ServiceProcess service, LogFixture log) {
    String index = "/v1/collections/" + log.name() + "/index";
    JsonNode before = ok(service.get(index));
    assertThat(ok(service.post(index + ":rebuild", "")).get("begun").asBoolean()).isTrue();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> !ok(service.get(index)).get("rebuilding").asBoolean());
    JsonNode after = ok(service.get(index));
    for (String state : new String[] {"searchable", "rejected", "deleted"}) {
      assertThat(after.get(state)).as(state).isEqualTo(before.get(state));
    }
  }

  @Test
  void luceneIsBuiltAnewBesideTheOneThatAnswers() {
    try (LogFixture log = new LogFixture(broker.bootstrapServers(), "ops001", DIMENSION);
        ServiceProcess service = serve("lucene")) {
      publish(log, 0, 300);
      await().atMost(Duration.ofSeconds(60)).until(service::ready);
      clean(service, log);
      rebuild(service, log);
      clean(service, log);
      publish(log, 300, 350);
      clean(service, log);
    }
  }

  /** Longer with {@code -Dmilvus.outage=60s}. */
  @Test
  void milvusDiesInTheMiddleAndNothingIsLostOrDouble() throws IOException {
    try (MilvusEngine engine = MilvusEngine.own(MilvusEngine.Kind.STANDALONE);
        LogFixture log = new LogFixture(broker.bootstrapServers(), "ops002", DIMENSION);
        ServiceProcess service =
            serve(
                "milvus",
                "lookalike.index.type=milvus",
                "lookalike.index.milvus.partitions=2",
                "lookalike.index.milvus.uri=" + engine.uri())) {
      publish(log, 0, 300);
      await().atMost(Duration.ofSeconds(120)).until(service::ready);
      String count = "/v1/collections/" + log.name() + "/count";
      Thread publisher = Thread.ofPlatform().start(() -> publish(log, 300, 900));
      engine.kill();
      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () -> {
                HttpResponse<String> refused = service.get(count);
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(refused.body()).contains("STORAGE_UNAVAILABLE");
              });
      assertThat(service.get("/q/health/ready").body()).contains("Milvus at", "does not answer");
      assertThat(service.live()).isTrue();
      await().atMost(OUTAGE.plusSeconds(5)).pollDelay(OUTAGE).until(() -> true);
      engine.start();
      await().atMost(Duration.ofSeconds(180)).until(service::ready);
      assertThat(publisher.join(Duration.ofSeconds(60))).isTrue();
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(service.get(count).statusCode()).isEqualTo(200));
      clean(service, log);
      rebuild(service, log);
      clean(service, log);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
