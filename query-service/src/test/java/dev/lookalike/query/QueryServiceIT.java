package dev.lookalike.query;

import static dev.lookalike.query.index.Images.number;
import static dev.lookalike.query.index.Images.randomUnit;
import static dev.lookalike.query.index.Images.text;
import static dev.lookalike.query.index.Images.unit;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.lookalike.broker.BrokerProcess;
import dev.lookalike.engines.KafkaEngine;
import dev.lookalike.log.Keys;
import dev.lookalike.proto.embed.v1.EmbedGrpc;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.EmbedRefusal;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.embed.v1.Embedding;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionDeleted;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.proto.search.v1.GetStatusRequest;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.SearchGrpc;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.proto.search.v1.SearchResponse;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service against a real broker; the test writes the log. */
class QueryServiceIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path directory;
  private static KafkaEngine broker;
  private static Server embed;
  private static ServiceProcess service;
  private static ManagedChannel channel;
  private static final List<Integer> EMBED_CALLS = new ArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    broker = KafkaEngine.start(directory.resolve("broker"));
    embed =
        ServerBuilder.forPort(0)
            .addService(new FakeEmbed())
            .maxInboundMessageSize(64 << 20)
            .build()
            .start();
    service = serve("main", "lookalike.search.bind-wait=2s");
    await().atMost(Duration.ofSeconds(60)).until(service::live);
    channel =
        ManagedChannelBuilder.forAddress("127.0.0.1", service.grpcPort).usePlaintext().build();
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    service.close();
    embed.shutdownNow();
    broker.close();
  }

  private static ServiceProcess serve(String index, String... settings) {
    List<String> all = new ArrayList<>(List.of(settings));
    all.add("lookalike.kafka.bootstrap-servers=" + broker.bootstrapServers());
    all.add("lookalike.embed.address=127.0.0.1:" + embed.getPort());
    return new ServiceProcess(directory.resolve(index), all.toArray(String[]::new));
  }

  private static LogFixture log(String collection, int dimension) {
    return new LogFixture(broker.bootstrapServers(), collection, dimension);
  }

  /** Embeds "v:1,2,3,4" as that vector; refuses anything else. */
  private static final class FakeEmbed extends EmbedGrpc.EmbedImplBase {
    @Override
    public void embedImages(
        EmbedImagesRequest request, StreamObserver<EmbedImagesResponse> observer) {
      synchronized (EMBED_CALLS) {
        EMBED_CALLS.add(request.getImagesCount());
      }
      EmbedImagesResponse.Builder response =
          EmbedImagesResponse.newBuilder().setDevice("cpu").setBuildId(request.getBuildId());
      request
          .getImagesList()
          .forEach(
              image -> {
                String text = image.getImage().toStringUtf8();
                if (!text.startsWith("v:")) {
                  response.addResults(
                      EmbedResult.newBuilder()
                          .setRefused(
                              EmbedRefusal.newBuilder()
                                  .setCode("UNKNOWN_FORMAT")
                                  .setMessage("No image.")));
                  return;
                }
                String[] parts = text.substring(2).split(",", -1);
                float[] vector = new float[parts.length];
                for (int i = 0; i < parts.length; i++) {
                  vector[i] = Float.parseFloat(parts[i]);
                }
                Embedding.Builder embedding =
                    Embedding.newBuilder().setSha256(ByteString.copyFromUtf8("sha-near"));
                for (float value : unit(vector)) {
                  embedding.addValues(value);
                }
                response.addResults(EmbedResult.newBuilder().setEmbedding(embedding));
              });
      observer.onNext(response.build());
      observer.onCompleted();
    }
  }

  private static JsonNode ok(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    try {
      return JSON.readTree(response.body());
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(response.body(), e);
    }
  }

  private static List<String> ids(JsonNode hits) {
    List<String> ids = new ArrayList<>();
    hits.forEach(hit -> ids.add(hit.get("image_id").asText()));
    return ids;
  }

  private static void refused(HttpResponse<String> response, int status, String code) {
    assertThat(response.body()).contains("\"code\":\"" + code + "\"").doesNotContain("Exception");
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type").orElse(""))
        .startsWith("application/problem+json");
  }

  /** Records that the service could not read so far. */
  private static double unreadable() {
    return service
        .get("/q/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("lookalike_query_records_total{kind=\"unreadable\"}"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  private static JsonNode status(String token) {
    return ok(service.get("/v1/status?wait=20s&token=" + token)).get("statuses").get(0);
  }

  @Test
  void fromTheLogToTheAnswer() throws Exception {
    double unreadable = unreadable();
    try (LogFixture log = log("alpha001", 4)) {
      String c = "/v1/collections/" + log.name();
      log.begin();
      log.embedded("near", 0, Map.of("price", number(5), "sku", text("s1")), unit(1, 0.1f, 0, 0));
      log.embedded("mid", 1, Map.of("price", number(6), "sku", text("s1")), unit(1, 1, 0, 0));
      log.embedded("far", 2, Map.of("price", number(7), "sku", text("s2")), unit(0, 0, 0, 1));
      log.rejected("bad", 3);
      log.embedded("gone", 4, Map.of(), unit(1, 0, 0, 0));
      log.removed("gone", 5);
      log.embedded("twice", 6, Map.of(), unit(0, 1, 0, 0));
      log.embedded("twice", 7, Map.of(), unit(0, 0, 1, 0));
      log.commit();
      log.begin();
      log.embedded("ghost", 8, Map.of(), unit(1, 0, 0, 0));
      log.abort();
      log.begin();
      log.raw("poison", new byte[] {1, 2, 3});
      log.embedded("wrong", 9, Map.of(), unit(1, 2, 3));
      log.raw("empty", null);
      log.embedded("last", 10, Map.of(), unit(0, 0, 1, 1));
      log.commit();
      log.annotate("far", 2, "price", Optional.of(number(70)));
      log.flush();

      assertThat(status(log.token("last", 10)).get("state").asText()).isEqualTo("searchable");
      assertThat(status(log.token("bad", 3)).get("state").asText()).isEqualTo("rejected");
      assertThat(status(log.token("bad", 3)).get("reason").asText())
          .isEqualTo("CANONICAL_UNREADABLE");
      assertThat(status(log.token("gone", 4)).get("state").asText()).isEqualTo("deleted");
      assertThat(status(log.token("gone", 5)).get("state").asText()).isEqualTo("deleted");
      assertThat(status(log.token("twice", 6)).get("state").asText()).isEqualTo("superseded");
      assertThat(status(log.token("twice", 7)).get("state").asText()).isEqualTo("searchable");
      assertThat(status(log.token("wrong", 9)).get("reason").asText())
          .isEqualTo("RECORD_UNREADABLE");
      JsonNode pending = ok(service.get("/v1/status?wait=100ms&token=" + log.token("last", 1000)));
      assertThat(pending.get("statuses").get(0).get("state").asText()).isEqualTo("pending");

      JsonNode counts = ok(service.get(c + "/count"));
      // The rejected are bad, wrong and poison, whose outcome says nothing else.
      assertThat(counts.toString()).isEqualTo("{\"searchable\":5,\"rejected\":3,\"deleted\":1}");
      await()
          .atMost(Duration.ofSeconds(10))
          .until(
              () -> ok(service.get(c + "/count?filter=price%3E60")).get("searchable").asInt() == 1);

      JsonNode byVector =
          ok(
              service.post(
                  c + "/search",
                  "{\"positives\":[{\"vector\":[1,0,0,0]}],\"k\":2,\"include_vectors\":true}"));
      assertThat(ids(byVector.get("hits"))).containsExactly("near", "mid");
      JsonNode hit = byVector.get("hits").get(0);
      assertThat(hit.get("similarity").asDouble()).isBetween(0.995, 0.9951);
      assertThat(hit.get("attributes").toString()).isEqualTo("{\"price\":5,\"sku\":\"s1\"}");
      assertThat(hit.get("vector").size()).isEqualTo(4);
      assertThat(hit.get("model").asText()).isEqualTo("tiny");
      String version = hit.get("version").asText();
      assertThat(hit.get("content_url").asText())
          .isEqualTo(
              "http://127.0.0.1:8701/v1/collections/"
                  + log.collection
                  + "/images/near/content?version="
                  + version);
      assertThat(hit.get("thumbnail_url").asText()).contains("variant=thumbnail&version=");
      String cursor = byVector.get("next_cursor").asText();
      JsonNode page =
          ok(
              service.post(
                  c + "/search",
                  "{\"positives\":[{\"vector\":[1,0,0,0]}],\"k\":2,\"include_vectors\":true,"
                      + "\"cursor\":\""
                      + cursor
                      + "\"}"));
      assertThat(ids(page.get("hits"))).doesNotContain("near", "mid").hasSize(2);
      refused(
          service.post(
              c + "/search",
              "{\"positives\":[{\"vector\":[0,1,0,0]}],\"cursor\":\"" + cursor + "\"}"),
          400,
          "INVALID_CURSOR");

      assertThat(
              ids(
                  ok(service.post(
                          c + "/search",
                          "{\"positives\":[{\"image_id\":\"near\"}],\"exclude_self\":true,"
                              + "\"filter\":\"price < 100\",\"exact\":true}"))
                      .get("hits")))
          .containsExactly("mid", "far");
      assertThat(ids(ok(service.postBytes(c + "/search?k=1", "v:0,0,0,2".getBytes())).get("hits")))
          .containsExactly("far");
      assertThat(
              ids(
                  ok(service.postBytes(
                          c + "/search?k=1&exclude_self=true&region=0,0,0.5,0.5",
                          "v:1,0,0,0".getBytes()))
                      .get("hits")))
          .containsExactly("mid");
      refused(service.postBytes(c + "/search", "junk".getBytes()), 415, "UNKNOWN_FORMAT");
      refused(service.postBytes(c + "/search", new byte[0]), 415, "EMPTY");

      JsonNode negatives =
          ok(
              service.post(
                  c + "/search",
                  "{\"positives\":[{\"image_id\":\"mid\"}],"
                      + "\"negatives\":[{\"image_id\":\"near\"}],\"k\":1}"));
      assertThat(ids(negatives.get("hits"))).containsExactly("mid");

      JsonNode groups =
          ok(
              service.post(
                  c + "/search",
                  "{\"positives\":[{\"vector\":[1,0,0,0]}],\"group_by\":\"sku\",\"k\":2,"
                      + "\"group_size\":2,\"filter\":\"has(sku)\"}"));
      assertThat(ids(groups.get("hits"))).containsExactly("near", "mid", "far");
      assertThat(groups.get("hits").get(0).get("group").toString())
          .isEqualTo("{\"value\":\"s1\",\"size\":2}");
      assertThat(groups.has("next_cursor")).isFalse();

      synchronized (EMBED_CALLS) {
        EMBED_CALLS.clear();
      }
      JsonNode batch =
          ok(
              service.post(
                  "/v1/search:batch",
                  "{\"requests\":[{\"collection\":\"%1$s\",\"k\":1,\"positives\":[{\"image\":\"djoxLDAsMCww\"}]},{\"collection\":\"nope\",\"positives\":[{\"image_id\":\"a\"}]},{\"collection\":\"%1$s\",\"k\":1,\"positives\":[{\"image\":\"djowLDAsMCwx\"}]}]}"
                      .formatted(log.name())));
      assertThat(ids(batch.get("results").get(0).get("response").get("hits")))
          .containsExactly("near");
      assertThat(batch.get("results").get(1).get("refused").get("code").asText())
          .isEqualTo("COLLECTION_NOT_FOUND");
      assertThat(ids(batch.get("results").get(2).get("response").get("hits")))
          .containsExactly("far");
      synchronized (EMBED_CALLS) {
        assertThat(EMBED_CALLS).as("images of a batch in one call").containsExactly(2);
      }

      JsonNode first = ok(service.get(c + "/images?page_size=3&include_vectors=true"));
      assertThat(ids(first.get("images"))).containsExactly("far", "last", "mid");
      assertThat(first.get("images").get(0).get("vector").size()).isEqualTo(4);
      assertThat(
              ids(
                  ok(service.get(
                          c + "/images?page_size=3&cursor=" + first.get("next_cursor").asText()))
                      .get("images")))
          .containsExactly("near", "twice");
      assertThat(ids(ok(service.get(c + "/images?state=rejected&state=deleted")).get("images")))
          .containsExactly("bad", "gone", "poison", "wrong");
      JsonNode entry = ok(service.get(c + "/images/bad"));
      assertThat(entry.get("state").asText()).isEqualTo("rejected");
      assertThat(ok(service.get(c + "/index")).get("partitions").size())
          .isEqualTo(LogFixture.PARTITIONS);

      refused(service.get(c + "/images/nobody"), 404, "IMAGE_NOT_FOUND");
      refused(service.get("/v1/collections/nope/count"), 404, "COLLECTION_NOT_FOUND");
      refused(service.get("/v1/nothing"), 404, "PATH_NOT_FOUND");
      refused(service.get(c + "/count?filter=price%20%3C"), 400, "INVALID_FILTER");
      refused(service.get("/v1/status?token=!!"), 400, "INVALID_TOKEN");
      refused(service.post(c + "/search", "{\"positives\":[]}"), 400, "INVALID_ARGUMENT");
      refused(service.post(c + "/search", "{\"positivs\":[]}"), 400, "INVALID_ARGUMENT");
      refused(service.post(c + "/search", "{nonsense"), 400, "INVALID_ARGUMENT");
      refused(service.post(c + "/search", "{\"k\":\"many\"}"), 400, "INVALID_ARGUMENT");
      refused(
          service.post(c + "/search", "{\"positives\":[{\"vector\":[1,0]}]}"),
          400,
          "INVALID_VECTOR");
      refused(
          service.post(c + "/search", "{\"positives\":[{\"vector\":[0,0,0,0]}]}"),
          400,
          "INVALID_VECTOR");
      refused(
          service.post(c + "/search", "{\"positives\":[{\"vector\":[1,0,0,0]}],\"k\":5000}"),
          400,
          "INVALID_ARGUMENT");
      refused(
          service.post(
              c + "/search",
              "{\"positives\":[{\"vector\":[1,0,0,0]}],\"wait\":\"200ms\",\"tokens\":[\""
                  + log.token("last", 1000)
                  + "\"]}"),
          504,
          "TOKEN_NOT_REACHED");

      SearchGrpc.SearchBlockingStub stub = SearchGrpc.newBlockingStub(channel);
      SearchResponse response =
          stub.search(
              SearchRequest.newBuilder()
                  .setCollection(log.collection)
                  .addPositives(Example.newBuilder().setImage(ByteString.copyFromUtf8("v:1,0,0,0")))
                  .addTokens(log.token("twice", 6))
                  .build());
      assertThat(response.getHits(0).getImageId()).isEqualTo("near");
      assertThat(response.getDevice()).isEqualTo("cpu");
      assertThat(response.getTokens(0).getState()).isEqualTo(ImageState.IMAGE_STATE_SUPERSEDED);
      StatusRuntimeException e =
          org.junit.jupiter.api.Assertions.assertThrows(
              StatusRuntimeException.class,
              () -> stub.search(SearchRequest.newBuilder().setCollection("nope").build()));
      var status = StatusProto.fromThrowable(e);
      assertThat(status.getDetails(0).unpack(com.google.rpc.ErrorInfo.class).getReason())
          .isEqualTo("COLLECTION_NOT_FOUND");
      assertThat(service.get("/q/metrics").body())
          .contains("lookalike_query_records_total{kind=\"unreadable\"} " + (unreadable + 1))
          .contains("lookalike_query_search_seconds");
      assertThat(service.words()).contains("skipped the record at", "(key poison)");
    }
  }

  @Test
  void everyOneOfManyCallsIsAnswered() throws Exception {
    try (LogFixture log = log("many0001", 4)) {
      log.begin();
      log.embedded("a", 0, Map.of(), unit(1, 0, 0, 0));
      log.commit();
      GetStatusRequest request = GetStatusRequest.newBuilder().addTokens(log.token("a", 0)).build();
      List<CompletableFuture<Integer>> callers = new ArrayList<>();
      for (int caller = 0; caller < 16; caller++) {
        callers.add(
            CompletableFuture.supplyAsync(
                () -> {
                  SearchGrpc.SearchBlockingStub stub = SearchGrpc.newBlockingStub(channel);
                  int answered = 0;
                  for (int i = 0; i < 2000; i++) {
                    answered += stub.getStatus(request).getStatusesCount();
                  }
                  return answered;
                },
                Thread::startVirtualThread));
      }
      for (CompletableFuture<Integer> caller : callers) {
        assertThat(caller.get(2, TimeUnit.MINUTES)).isEqualTo(2000);
      }
    }
  }

  @Test
  void aTokenIsSearchableAfterItsCommit() {
    try (LogFixture log = log("soon0001", 4)) {
      SearchGrpc.SearchBlockingStub stub = SearchGrpc.newBlockingStub(channel);
      for (int i = 0; i < 20; i++) {
        log.begin();
        log.embedded("a" + i, i, Map.of(), unit(1, i, 0, 0));
        log.commit();
        var answer =
            stub.getStatus(
                GetStatusRequest.newBuilder()
                    .addTokens(log.token("a" + i, i))
                    .setWait(com.google.protobuf.Duration.newBuilder().setSeconds(20))
                    .build());
        assertThat(answer.getStatuses(0).getState()).isEqualTo(ImageState.IMAGE_STATE_SEARCHABLE);
      }
    }
  }

  @Test
  void killedInTheMiddleOfABulkItIsCompleteAndHasNoDoubles() {
    try (LogFixture log = log("bulk0001", 64)) {
      Random random = new Random(5);
      int count = 4000;
      for (int i = 0; i < count; i++) {
        if (i % 500 == 0) {
          log.begin();
        }
        log.embedded("i" + i, i, Map.of("n", number(i)), randomUnit(random, 64));
        if (i % 500 == 499) {
          log.commit();
        }
      }
      String path = "/v1/collections/" + log.name() + "/count";
      String[] often = {
        "lookalike.index.commit-records=700", "lookalike.index.commit-interval=100ms"
      };
      ServiceProcess first = serve("killed", often);
      try {
        await()
            .atMost(Duration.ofSeconds(60))
            .pollInterval(Duration.ofMillis(5))
            .until(() -> first.words().contains("at {") && size("killed") > 500_000);
      } finally {
        first.kill();
      }
      try (ServiceProcess second = serve("killed", often)) {
        await().atMost(Duration.ofSeconds(60)).until(second::ready);
        assertThat(ok(second.get(path)).toString())
            .isEqualTo("{\"searchable\":4000,\"rejected\":0,\"deleted\":0}");
        JsonNode page = ok(second.get("/v1/collections/" + log.name() + "/images?page_size=1000"));
        assertThat(ids(page.get("images"))).doesNotHaveDuplicates().hasSize(1000);
        second.endInput();
        assertThat(second.await(20)).isZero();
      }
      // A deleted directory is built anew.
      try (ServiceProcess third = serve("empty")) {
        await().atMost(Duration.ofSeconds(60)).until(third::ready);
        assertThat(ok(third.get(path)).get("searchable").asInt()).isEqualTo(count);
      }
    }
  }

  private static long size(String index) {
    try (var files = java.nio.file.Files.walk(directory.resolve(index))) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    } catch (java.io.IOException | java.io.UncheckedIOException e) {
      return 0;
    }
  }

  @Test
  void answersWhileTheBrokerIsAwayAndGoesOn(@TempDir Path own) {
    BrokerProcess other = BrokerProcess.startOnFreePorts(own.resolve("broker"));
    try (LogFixture log = new LogFixture(other.bootstrapServers(), "away0001", 4);
        ServiceProcess lone =
            new ServiceProcess(
                own.resolve("index"),
                "lookalike.kafka.bootstrap-servers=" + other.bootstrapServers(),
                "lookalike.embed.address=127.0.0.1:1")) {
      log.begin();
      log.embedded("a", 0, Map.of(), unit(1, 0, 0, 0));
      log.commit();
      await().atMost(Duration.ofSeconds(60)).until(lone::ready);
      String path = "/v1/collections/" + log.name() + "/search";
      String query = "{\"positives\":[{\"vector\":[1,0,0,0]}]}";
      assertThat(ids(ok(lone.post(path, query)).get("hits"))).containsExactly("a");
      refused(lone.postBytes(path, "v:1,0,0,0".getBytes()), 503, "EMBED_UNAVAILABLE");
      other.kill();
      await().atMost(Duration.ofSeconds(30)).until(() -> !lone.ready());
      assertThat(lone.get("/q/health/ready").body()).contains("does not answer");
      assertThat(ids(ok(lone.post(path, query)).get("hits"))).containsExactly("a");
      other.restart();
      await().atMost(Duration.ofSeconds(60)).until(lone::ready);
      log.begin();
      log.embedded("b", 1, Map.of(), unit(1, 1, 0, 0));
      log.commit();
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(ids(ok(lone.post(path, query)).get("hits")))
                      .containsExactly("a", "b"));
    } finally {
      other.close();
    }
  }

  @Test
  void refusesToStartInTheOpenOrWithAnUnknownKey() {
    try (ServiceProcess open = serve("open", "quarkus.http.host=0.0.0.0")) {
      assertThat(open.await(30)).isNotZero();
      assertThat(open.words()).contains("lookalike.allow-remote=true");
    }
    try (ServiceProcess unknown = serve("unknown", "lookalike.index.directry=x")) {
      assertThat(unknown.await(30)).isNotZero();
      assertThat(unknown.words()).contains("lookalike.index.directry");
    }
  }

  @Test
  void aSearchNeverFailsForACollectionThatIsJustComing() throws Exception {
    String body = "{\"positives\": [{\"vector\": [1, 0, 0, 0]}]}";
    for (int i = 0; i < 3; i++) {
      String id = "arrival" + i;
      AtomicBoolean stop = new AtomicBoolean();
      CompletableFuture<Set<String>> searching =
          CompletableFuture.supplyAsync(
              () -> {
                Set<String> codes = new TreeSet<>();
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
                while (!stop.get() && System.nanoTime() - end < 0) {
                  HttpResponse<String> answer =
                      service.post("/v1/collections/shop-" + id + "/search", body);
                  codes.add(answer.statusCode() == 200 ? "200" : answer.body());
                }
                return codes;
              });
      try (LogFixture log = log(id, 4)) {
        await()
            .atMost(Duration.ofSeconds(10))
            .until(
                () -> service.get("/v1/collections/" + log.name() + "/count").statusCode() == 200);
      } finally {
        stop.set(true);
      }
      assertThat(searching.get(10, TimeUnit.SECONDS))
          .contains("200")
          .allMatch(code -> code.equals("200") || code.contains("COLLECTION_NOT_FOUND"));
    }
  }

  @Test
  void aCollectionThatStaysWithoutAModelIsRefused() {
    try (LogFixture log = log("unbound01", 4)) {
      log.announce(
          "lonely001",
          CollectionEvent.newBuilder()
              .setCollection(
                  Collection.newBuilder()
                      .setId("lonely001")
                      .setName("lonely")
                      .setGeneration(1)
                      .setPartitions(1))
              .build());
      log.flush();
      await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> service.get("/v1/collections/lonely/count").statusCode() == 503);
      refused(service.get("/v1/collections/lonely/count"), 503, "NOT_BOUND");
    }
  }

  @Test
  void aDeletedCollectionAndARetiredBuildLeaveNoIndex() {
    try (LogFixture gone = log("gone00001", 4);
        LogFixture retired = log("retired01", 4)) {
      for (LogFixture log : List.of(gone, retired)) {
        log.begin();
        log.embedded("a", 0, Map.of(), unit(1, 0, 0, 0));
        log.commit();
        assertThat(status(log.token("a", 0)).get("state").asText()).isEqualTo("searchable");
        assertThat(directory.resolve("main").resolve(log.collection).resolve(log.build))
            .isNotEmptyDirectory();
      }
      gone.announce(
          gone.collection,
          CollectionEvent.newBuilder().setDeleted(CollectionDeleted.getDefaultInstance()).build());
      retired.announce(
          retired.collection + "/" + retired.build,
          CollectionEvent.newBuilder()
              .setBuild(
                  Build.newBuilder()
                      .setId(retired.build)
                      .setCollectionId(retired.collection)
                      .setGeneration(1)
                      .setModel(retired.model())
                      .setState(BuildState.BUILD_STATE_RETIRED))
              .build());
      gone.flush();
      retired.flush();
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(
              () -> {
                assertThat(directory.resolve("main").resolve(gone.collection)).doesNotExist();
                assertThat(
                        directory
                            .resolve("main")
                            .resolve(retired.collection)
                            .resolve(retired.build))
                    .doesNotExist();
              });
      refused(
          service.get("/v1/collections/" + gone.name() + "/count"), 404, "COLLECTION_NOT_FOUND");
      refused(
          service.get("/v1/status?wait=20s&token=" + gone.token("b", 7)),
          404,
          "COLLECTION_NOT_FOUND");
    }
  }

  @Test
  void aRenamedCollectionIsFoundByItsNewNameOnly() {
    try (LogFixture log = log("renamed01", 4)) {
      log.begin();
      log.embedded("a", 0, Map.of(), unit(1, 0, 0, 0));
      log.commit();
      assertThat(status(log.token("a", 0)).get("state").asText()).isEqualTo("searchable");
      log.announce(
          log.collection,
          CollectionEvent.newBuilder()
              .setCollection(
                  Collection.newBuilder()
                      .setId(log.collection)
                      .setName("fresh-name")
                      .setPreviousName(log.name())
                      .setGeneration(1)
                      .setPartitions(LogFixture.PARTITIONS))
              .build());
      log.flush();
      await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> service.get("/v1/collections/fresh-name/count").statusCode() == 200);
      assertThat(ok(service.get("/v1/collections/fresh-name/index")).get("collection").asText())
          .isEqualTo("fresh-name");
      assertThat(status(log.token("a", 0)).get("state").asText()).isEqualTo("searchable");
      refused(service.get("/v1/collections/" + log.name() + "/count"), 404, "COLLECTION_NOT_FOUND");
    }
  }

  @Test
  void anOutcomeThatCannotBeReadEndsTheWait() {
    try (LogFixture log = log("garble01", 4)) {
      String known = inPartition(0, "known");
      String said = inPartition(1, "said");
      String unsaid = inPartition(2, "unsaid");
      log.begin();
      log.embedded(known, 0, Map.of(), unit(1, 0, 0, 0));
      log.raw(known, new byte[] {1, 2, 3});
      log.garbled(said, 7);
      log.raw(unsaid, new byte[] {1, 2, 3});
      log.commit();
      for (String token : List.of(log.token(said, 7), log.token(unsaid, 0))) {
        JsonNode ended = status(token);
        assertThat(ended.get("state").asText()).isEqualTo("rejected");
        assertThat(ended.get("reason").asText()).isEqualTo("RECORD_UNREADABLE");
      }
      // What is known of an image is not overthrown by a record that says nothing of a version.
      assertThat(status(log.token(known, 0)).get("state").asText()).isEqualTo("searchable");
      log.begin();
      log.embedded(unsaid, 1, Map.of(), unit(0, 1, 0, 0));
      log.garbled(known, 1);
      log.commit();
      assertThat(status(log.token(unsaid, 1)).get("state").asText()).isEqualTo("searchable");
      assertThat(status(log.token(known, 1)).get("reason").asText()).isEqualTo("RECORD_UNREADABLE");
      assertThat(status(log.token(known, 0)).get("state").asText()).isEqualTo("superseded");
      assertThat(ok(service.get("/v1/collections/" + log.name() + "/count")).toString())
          .isEqualTo("{\"searchable\":1,\"rejected\":2,\"deleted\":0}");
    }
  }

  /** A query image of 30 MB: what follows the vector is blank. */
  private static byte[] largeImage() {
    byte[] image = new byte[30_000_000];
    java.util.Arrays.fill(image, (byte) ' ');
    byte[] vector = "v:1,0,0,0".getBytes(UTF_8);
    System.arraycopy(vector, 0, image, 0, vector.length);
    return image;
  }

  @Test
  void anImageComesAsItIsOrInAForm() {
    try (LogFixture log = log("forms001", 4)) {
      log.begin();
      log.embedded("a", 0, Map.of(), unit(1, 0, 0, 0));
      log.embedded("b", 1, Map.of(), unit(0, 1, 0, 0));
      log.commit();
      assertThat(status(log.token("b", 1)).get("state").asText()).isEqualTo("searchable");
      assertThat(status(log.token("a", 0)).get("state").asText()).isEqualTo("searchable");
      String path = "/v1/collections/" + log.name() + "/search?k=1";
      byte[] image = "v:0,1,0,0".getBytes(UTF_8);
      assertThat(ids(ok(service.post(path, Optional.empty(), image)).get("hits")))
          .containsExactly("b");
      String form =
          "--x\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"q.jpg\"\r\n\r\n"
              + "v:0,1,0,0\r\n--x--\r\n";
      Optional<String> mediaType = Optional.of("multipart/form-data; boundary=x");
      assertThat(
              ids(
                  ok(service.post(path, mediaType, form.formatted("image").getBytes(UTF_8)))
                      .get("hits")))
          .containsExactly("b");
      refused(
          service.post(path, mediaType, form.formatted("picture").getBytes(UTF_8)),
          400,
          "INVALID_ARGUMENT");
      refused(
          service.post(path, "{\"positives\":[{\"image_id\":\"a\"}]}"), 400, "INVALID_ARGUMENT");
      HttpResponse<String> twice =
          service.post("/v1/status", "{\"tokens\":[\"x\"],\"tokens\":[\"y\"]}");
      refused(twice, 400, "INVALID_ARGUMENT");
      HttpResponse<String> unknown = service.post("/v1/search:batch", "{\"request\":[]}");
      refused(unknown, 400, "INVALID_ARGUMENT");
      assertThat(unknown.body()).contains("request");
    }
  }

  @Test
  void survivesFloods() throws Exception {
    try (LogFixture log = log("flood001", 4)) {
      log.begin();
      log.embedded("a", 0, Map.of(), unit(1, 0, 0, 0));
      log.commit();
      assertThat(status(log.token("a", 0)).get("state").asText()).isEqualTo("searchable");
      String path = "/v1/collections/" + log.name() + "/search";
      byte[] image = largeImage();
      List<String> answers = Push.atOnce(48, service.httpPort, path, "image/jpeg", image);
      assertThat(answers).hasSize(48).contains("200", "429");
      assertThat(answers).allMatch(List.of("200", "429", "lost")::contains);

      String base64 = java.util.Base64.getEncoder().encodeToString(image);
      byte[] body = ("{\"positives\":[{\"image\":\"" + base64 + "\"}]}").getBytes(UTF_8);
      answers = Push.atOnce(24, service.httpPort, path, "application/json", body);
      assertThat(answers).hasSize(24).contains("200", "429");
      assertThat(answers).allMatch(List.of("200", "429", "lost")::contains);

      SearchRequest large =
          SearchRequest.newBuilder()
              .setCollection(log.collection)
              .addPositives(Example.newBuilder().setImage(ByteString.copyFrom(image)))
              .build();
      List<CompletableFuture<String>> calls = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        calls.add(
            CompletableFuture.supplyAsync(
                () -> {
                  try {
                    return SearchGrpc.newBlockingStub(channel)
                        .search(large)
                        .getHits(0)
                        .getImageId();
                  } catch (StatusRuntimeException e) {
                    return e.getStatus().getCode().name();
                  }
                },
                Thread::startVirtualThread));
      }
      List<String> said = new ArrayList<>();
      for (CompletableFuture<String> call : calls) {
        said.add(call.get(90, TimeUnit.SECONDS));
      }
      assertThat(said).contains("a", "RESOURCE_EXHAUSTED");
      assertThat(said).allMatch(List.of("a", "RESOURCE_EXHAUSTED")::contains);
      System.out.printf(
          "floods of 48 x 30 MB, 24 x 40 MB over HTTP, 16 x 30 MB over gRPC at -Xmx128m:"
              + " resident %d MiB at most%n",
          service.residentMebibytesAtMost());
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> service.get("/q/metrics").body().contains("lookalike_query_intake_bytes 0.0"));
      assertThat(ids(ok(service.postBytes(path, "v:1,0,0,0".getBytes(UTF_8))).get("hits")))
          .containsExactly("a");
    }
  }

  private static String inPartition(int partition, String name) {
    return IntStream.range(0, 1000)
        .mapToObj(i -> name + i)
        .filter(id -> Keys.partition(id, LogFixture.PARTITIONS) == partition)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void servesTheDocumentThatIsPublished() throws Exception {
    String served =
        JSON.writerWithDefaultPrettyPrinter()
            .writeValueAsString(JSON.readTree(service.get("/q/openapi?format=json").body()));
    Path published = Path.of("src/test/resources/openapi.json");
    if (Boolean.getBoolean("lookalike.publish")) {
      java.nio.file.Files.createDirectories(published.getParent());
      java.nio.file.Files.writeString(published, served + "\n");
    }
    assertThat(served.lines())
        .as(
            "what is served is not src/test/resources/openapi.json; if that is wanted:"
                + " ./mvnw verify -pl query-service -am -Dit.test=QueryServiceIT"
                + " -Dfailsafe.failIfNoSpecifiedTests=false -Dlookalike.publish=true")
        .containsExactlyElementsOf(java.nio.file.Files.readAllLines(published));
  }

  @Test
  void theDescriptionIsThatOfTheContract() {
    String openapi = service.get("/q/openapi").body();
    assertThat(openapi)
        .contains(
            "/v1/collections/{collection}/search:",
            "/v1/search:batch:",
            "/v1/status:",
            "/v1/collections/{collection}/images/{id}:",
            "/v1/collections/{collection}/images:",
            "/v1/collections/{collection}/count:",
            "/v1/collections/{collection}/index:",
            "image_id:",
            "next_cursor:",
            "min_similarity:",
            "application/problem+json:",
            "wait:")
        .doesNotContain("imageId", "waitAtMost", "nextCursor");
  }
}
