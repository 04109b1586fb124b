package dev.lookalike.ingest.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import dev.lookalike.engines.KafkaEngine;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.embed.v1.EmbedGrpc;
import dev.lookalike.proto.embed.v1.ListModelsRequest;
import dev.lookalike.proto.embed.v1.ListModelsResponse;
import dev.lookalike.proto.embed.v1.ServedModel;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import dev.lookalike.proto.events.v1.ClassifierGate;
import dev.lookalike.proto.events.v1.CollectionDeleted;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.proto.image.v1.ModelReference;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import dev.lookalike.proto.ingest.v1.PutClassifierRequest;
import dev.lookalike.proto.ingest.v1.PutClassifierResponse;
import dev.lookalike.proto.ingest.v1.RemoveClassifierRequest;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two instances of the packaged service on one real broker: a collection's life. */
@NullUnmarked
class CollectionsIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path directory;
  private static KafkaEngine broker;
  private static Admin admin;
  private static FakeSearch search;
  private static final int DIMENSION = 8;

  private static Server embed;
  private static IngestProcess one;
  private static IngestProcess two;

  /** Serves a small model, a large one and, behind both, nothing. */
  private static final class FakeEmbed extends EmbedGrpc.EmbedImplBase {
    @Override
    public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> answer) {
      answer.onNext(
          ListModelsResponse.newBuilder()
              .setDefaultModel("small")
              .addModels(model("small", 224, 224))
              .addModels(model("large", 600, 800))
              .build());
      answer.onCompleted();
    }

    private static ServedModel model(String id, int width, int height) {
      return ServedModel.newBuilder()
          .setModel(ModelReference.newBuilder().setId(id))
          .setInputWidth(width)
          .setInputHeight(height)
          .build();
    }
  }

  @BeforeAll
  static void start() throws Exception {
    broker = KafkaEngine.start(directory.resolve("broker"));
    admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    search = new FakeSearch();
    embed =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new FakeEmbed())
            .build()
            .start();
    one = process();
    two = process();
    one.awaitReady();
    two.awaitReady();
  }

  private static IngestProcess process() throws Exception {
    return IngestProcess.start(
        "-Dlookalike.kafka.bootstrap-servers=" + broker.bootstrapServers(),
        "-Dlookalike.kafka.delivery-timeout=3s",
        "-Dlookalike.collections.bind-wait=300ms",
        "-Dlookalike.query.address=" + search.address(),
        "-Dlookalike.embed.address=127.0.0.1:" + embed.getPort(),
        "-Dlookalike.blobs.directory=" + directory.resolve("blobs"));
  }

  @AfterAll
  static void stop() throws Exception {
    one.close();
    two.close();
    embed.shutdownNow();
    search.close();
    admin.close();
    broker.close();
  }

  @Test
  void ofTwoThatCreateOneNameAtOnceOneWins() throws Exception {
    for (int round = 0; round < 8; round++) {
      String body = "{\"name\": \"race-" + round + "\", \"partitions\": 1}";
      CompletableFuture<HttpResponse<String>> first = sending(one, "POST", "/v1/collections", body);
      CompletableFuture<HttpResponse<String>> second =
          sending(two, "POST", "/v1/collections", body);
      List<HttpResponse<String>> answers = List.of(first.get(), second.get());
      assertThat(answers)
          .extracting(HttpResponse::statusCode)
          .as(first.get().body() + second.get().body())
          .containsExactlyInAnyOrder(201, 409);
      String won =
          json(answers.stream().filter(a -> a.statusCode() == 201).findFirst().orElseThrow())
              .path("id")
              .asText();
      for (IngestProcess each : List.of(one, two)) {
        assertThat(json(each.get("/v1/collections/race-" + round)).path("id").asText())
            .isEqualTo(won);
      }
    }
    Set<String> ids = Set.copyOf(ids(one));
    assertThat(ids(two)).containsExactlyInAnyOrderElementsOf(ids);
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> {
              List<String> known = ids(one);
              assertThat(admin.listTopics().names().get())
                  .filteredOn(topic -> topic.startsWith("lookalike.images."))
                  .as("the topics of those that lost are gone")
                  .allMatch(topic -> known.contains(topic.substring("lookalike.images.".length())));
            });
  }

  @Test
  void aRenameKeepsTheIdAndFreesTheName() throws Exception {
    String id = created("{\"name\": \"before\", \"keep_originals\": true}").path("id").asText();
    created("{\"name\": \"taken\"}");
    HttpResponse<String> put = upload(one, "before", "a");
    assertThat(put.statusCode()).isEqualTo(202);
    refused(
        send(one, "PATCH", "/v1/collections/before", "{\"name\": \"taken\"}"),
        409,
        "COLLECTION_EXISTS");
    refused(
        send(one, "PATCH", "/v1/collections/before", "{\"name\": \"No\"}"),
        400,
        "INVALID_COLLECTION_NAME");
    refused(send(one, "PATCH", "/v1/collections/before", "{}"), 400, "INVALID_COLLECTION_NAME");
    refused(
        send(one, "PATCH", "/v1/collections/none", "{\"name\": \"x\"}"),
        404,
        "COLLECTION_NOT_FOUND");
    JsonNode renamed = json(send(one, "PATCH", "/v1/collections/before", "{\"name\": \"after\"}"));
    assertThat(renamed.path("id").asText()).isEqualTo(id);
    assertThat(renamed.path("name").asText()).isEqualTo("after");
    assertThat(json(send(one, "PATCH", "/v1/collections/after", "{\"name\": \"after\"}")))
        .isEqualTo(renamed);
    await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> two.get("/v1/collections/after").statusCode() == 200);
    assertThat(upload(two, "after", "b").statusCode()).isEqualTo(202);
    assertThat(upload(two, id, "c").statusCode()).isEqualTo(202);
    refused(upload(one, "before", "d"), 404, "COLLECTION_NOT_FOUND");
    assertThat(
            one.get(
                    "/v1/collections/after/images/a/content?variant=original&version="
                        + json(put).path("version").asText())
                .statusCode())
        .isEqualTo(200);
    assertThat(created("{\"name\": \"before\"}").path("id").asText()).isNotEqualTo(id);
  }

  @Test
  void ofTwoThatRenameToOneNameAtOnceOneWinsAndNothingIsLost() throws Exception {
    for (int round = 0; round < 5; round++) {
      String a =
          created("{\"name\": \"left-" + round + "\", \"partitions\": 1}").path("id").asText();
      String b =
          created("{\"name\": \"right-" + round + "\", \"partitions\": 1}").path("id").asText();
      String target = "{\"name\": \"meet-" + round + "\"}";
      await()
          .atMost(Duration.ofSeconds(5))
          .until(() -> two.get("/v1/collections/" + b).statusCode() == 200);
      CompletableFuture<HttpResponse<String>> first =
          sending(one, "PATCH", "/v1/collections/" + a, target);
      CompletableFuture<HttpResponse<String>> second =
          sending(two, "PATCH", "/v1/collections/" + b, target);
      assertThat(List.of(first.get().statusCode(), second.get().statusCode()))
          .containsExactlyInAnyOrder(200, 409);
      boolean firstWon = first.get().statusCode() == 200;
      int number = round;
      for (IngestProcess each : List.of(one, two)) {
        await()
            .atMost(Duration.ofSeconds(5))
            .untilAsserted(
                () -> {
                  assertThat(json(each.get("/v1/collections/meet-" + number)).path("id").asText())
                      .isEqualTo(firstWon ? a : b);
                  assertThat(
                          json(each.get(
                                  "/v1/collections/" + (firstWon ? "right-" : "left-") + number))
                              .path("id")
                              .asText())
                      .isEqualTo(firstWon ? b : a);
                });
      }
    }
  }

  @Test
  void aDeletedCollectionTakesEverythingWithIt() throws Exception {
    String id = created("{\"name\": \"gone\", \"keep_originals\": true}").path("id").asText();
    assertThat(upload(one, "gone", "a").statusCode()).isEqualTo(202);
    assertThat(directory.resolve("blobs").resolve(id)).isNotEmptyDirectory();
    assertThat(topics(id)).hasSize(2);
    refused(send(one, "DELETE", "/v1/collections/none", ""), 404, "COLLECTION_NOT_FOUND");
    JsonNode deleted = json(send(one, "DELETE", "/v1/collections/gone", ""));
    assertThat(deleted.path("id").asText()).isEqualTo(id);
    awaitNoTopics(id);
    assertThat(directory.resolve("blobs").resolve(id)).doesNotExist();
    refused(send(one, "DELETE", "/v1/collections/gone", ""), 404, "COLLECTION_NOT_FOUND");
    refused(upload(one, "gone", "a"), 404, "COLLECTION_NOT_FOUND");
    await()
        .atMost(Duration.ofSeconds(5))
        .untilAsserted(() -> refused(upload(two, "gone", "a"), 404, "COLLECTION_NOT_FOUND"));
    JsonNode again = created("{\"name\": \"gone\"}");
    assertThat(again.path("id").asText()).isNotEqualTo(id);
    assertThat(topics(id)).isEmpty();
  }

  @Test
  void aDeletedDefaultIsFollowedByAnEmptyOne() throws Exception {
    String before = json(one.get("/v1/collections/default")).path("id").asText();
    json(send(two, "DELETE", "/v1/collections/default", ""));
    for (IngestProcess each : List.of(one, two)) {
      await()
          .atMost(Duration.ofSeconds(10))
          .until(
              () -> {
                HttpResponse<String> answer = each.get("/v1/collections/default");
                return answer.statusCode() == 200
                    && json(answer).path("id").asText().matches("default0000[2-9]")
                    && !json(answer).path("id").asText().equals(before);
              });
      assertThat(each.readiness()).startsWith("200");
    }
    awaitNoTopics(before);
  }

  @Test
  void whatADeadProcessLeftOfADeletionIsTakenAwayAtTheNextStart() throws Exception {
    String id = "leftover0001";
    Path blob = directory.resolve("blobs").resolve(id).resolve("ab").resolve("file");
    Files.createDirectories(blob.getParent());
    Files.writeString(blob, "original");
    admin
        .createTopics(
            List.of(
                new NewTopic(Topics.images(id), Optional.of(1), Optional.empty()),
                new NewTopic(Topics.annotations(id), Optional.of(1), Optional.empty())))
        .all()
        .get();
    one.kill();
    two.kill();
    write(
        id,
        CollectionEvent.newBuilder().setDeleted(CollectionDeleted.getDefaultInstance()).build());
    one = process();
    two = process();
    one.awaitReady();
    two.awaitReady();
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> {
              assertThat(topics(id)).isEmpty();
              assertThat(directory.resolve("blobs").resolve(id)).doesNotExist();
            });
  }

  @Test
  void uploadsThatRaceWithADeletionEndAndBringNothingBack() throws Exception {
    String id = created("{\"name\": \"busy\", \"keep_originals\": true}").path("id").asText();
    await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> two.get("/v1/collections/busy").statusCode() == 200);
    AtomicBoolean stop = new AtomicBoolean();
    List<CompletableFuture<List<Integer>>> uploaders = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      IngestProcess target = i % 2 == 0 ? one : two;
      int number = i;
      uploaders.add(
          CompletableFuture.supplyAsync(
              () -> {
                List<Integer> statuses = new ArrayList<>();
                for (int n = 0; !stop.get(); n++) {
                  try {
                    statuses.add(upload(target, "busy", number + "-" + n).statusCode());
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  }
                }
                return statuses;
              }));
    }
    Thread.sleep(500);
    json(send(one, "DELETE", "/v1/collections/busy", ""));
    Thread.sleep(500);
    stop.set(true);
    for (CompletableFuture<List<Integer>> uploader : uploaders) {
      assertThat(uploader.get(10, java.util.concurrent.TimeUnit.SECONDS))
          .contains(202, 404)
          .isSubsetOf(202, 404);
    }
    awaitNoTopics(id);
  }

  @Test
  void aModelThatIsNotServedOrWantsMorePixelsIsRefused() throws Exception {
    HttpResponse<String> unknown =
        send(one, "POST", "/v1/collections", "{\"name\": \"m\", \"model\": \"none\"}");
    refused(unknown, 409, "MODEL_NOT_SERVED");
    assertThat(unknown.body()).contains("none", "small, large");
    String large = "{\"name\": \"m\", \"model\": \"large\"";
    HttpResponse<String> pixels = send(one, "POST", "/v1/collections", large + "}");
    refused(pixels, 409, "MODEL_WANTS_MORE_PIXELS");
    assertThat(pixels.body()).contains("600 x 800", "512", "accept_smaller_images");
    JsonNode roomy =
        created(large.replace("\"m\"", "\"roomy\"") + ", \"bounds\": {\"short_side\": 768}}");
    assertThat(roomy.path("accept_smaller_images").asBoolean()).isFalse();
    JsonNode accepted = created(large + ", \"accept_smaller_images\": true}");
    assertThat(accepted.path("accept_smaller_images").asBoolean()).isTrue();
    assertThat(accepted.path("bound").asBoolean()).isFalse();
    assertThat(accepted.path("problem").asText()).contains("no model is bound");
    assertThat(json(one.get("/v1/collections/m"))).isEqualTo(accepted);
  }

  @Test
  void theAnswerWaitsForTheBuild() throws Exception {
    try (IngestProcess patient =
        IngestProcess.start(
                "-Dlookalike.kafka.bootstrap-servers=" + broker.bootstrapServers(),
                "-Dlookalike.collections.bind-wait=20s",
                "-Dlookalike.query.address=" + search.address(),
                "-Dlookalike.embed.address=127.0.0.1:" + embed.getPort(),
                "-Dlookalike.blobs.directory=" + directory.resolve("blobs"))
            .awaitReady()) {
      CompletableFuture<HttpResponse<String>> creating =
          sending(patient, "POST", "/v1/collections", "{\"name\": \"bound\"}");
      await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> one.get("/v1/collections/bound").statusCode() == 200);
      assertThat(creating).isNotDone();
      String id = json(one.get("/v1/collections/bound")).path("id").asText();
      write(id + "/0123456789abcdef", build(id, "0123456789abcdef"));
      JsonNode created = json(creating.get());
      assertThat(created.path("bound").asBoolean()).isTrue();
      assertThat(created.path("build").path("model").asText()).isEqualTo("small");
      assertThat(json(patient.get("/v1/collections/bound")).path("counts").path("pending").isInt())
          .isTrue();
    }
  }

  @Test
  void aCollectionIsTaughtOverGrpc() throws Exception {
    String id =
        json(sending(one, "POST", "/v1/collections", "{\"name\": \"taught\"}").get())
            .path("id")
            .asText();
    write(id + "/fedcba9876543210", build(id, "fedcba9876543210"));
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> json(one.get("/v1/collections/taught")).path("bound").asBoolean());
    Classifier classifier =
        Classifier.newBuilder()
            .setBuildId("fedcba9876543210")
            .setVersion("forged")
            .addClasses("hat")
            .addClasses("shoe")
            .setWeights(ByteString.copyFrom(new byte[2 * DIMENSION * Float.BYTES]))
            .setBiases(ByteString.copyFrom(new byte[2 * Float.BYTES]))
            // As large as one may be, which is more than other calls may bring.
            .setGate(
                ClassifierGate.newBuilder()
                    .setReferences(ByteString.copyFrom(ones(5 << 20)))
                    .setMinSimilarity(0.5f))
            .build();
    PutClassifierRequest request =
        PutClassifierRequest.newBuilder().setCollection("taught").setClassifier(classifier).build();
    ManagedChannel channel =
        Grpc.newChannelBuilder("127.0.0.1:" + one.grpcPort, InsecureChannelCredentials.create())
            .build();
    try {
      IngestGrpc.IngestBlockingStub rpc = IngestGrpc.newBlockingStub(channel);
      PutClassifierResponse taught = rpc.putClassifier(request);
      assertThat(taught.getVersion()).matches("[0-9a-f]{16}");
      assertThat(taught.getClasses()).isEqualTo(2);
      assertThat(rpc.putClassifier(request).getVersion()).isEqualTo(taught.getVersion());
      RemoveClassifierRequest removal =
          RemoveClassifierRequest.newBuilder().setCollection("taught").build();
      assertThat(rpc.removeClassifier(removal)).isNotNull();
      assertThat(classifierEvents(id))
          .extracting(event -> event.getClassifier().getVersion())
          .containsExactly(taught.getVersion(), taught.getVersion(), "");
      StatusRuntimeException refused =
          org.junit.jupiter.api.Assertions.assertThrows(
              StatusRuntimeException.class,
              () ->
                  rpc.putClassifier(
                      request.toBuilder()
                          .setClassifier(classifier.toBuilder().setBuildId("another"))
                          .build()));
      assertThat(StatusProto.fromThrowable(refused).getDetails(0).unpack(ErrorInfo.class))
          .extracting(ErrorInfo::getReason)
          .isEqualTo("CLASSIFIER_OF_OTHER_BUILD");
    } finally {
      channel.shutdownNow();
    }
  }

  private static byte[] ones(int count) {
    byte[] ones = new byte[count];
    Arrays.fill(ones, (byte) 1);
    return ones;
  }

  private static List<ClassifierEvent> classifierEvents(String id) throws Exception {
    List<ClassifierEvent> events = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(Topics.classifiers(id), 0);
      reader.assign(List.of(partition));
      reader.seekToBeginning(List.of(partition));
      long end = reader.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
      while (reader.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(Duration.ofMillis(200))) {
          events.add(ClassifierEvent.parseFrom(record.value()));
        }
      }
    }
    return events;
  }

  private static CollectionEvent build(String collectionId, String buildId) {
    return CollectionEvent.newBuilder()
        .setBuild(
            Build.newBuilder()
                .setId(buildId)
                .setCollectionId(collectionId)
                .setGeneration(1)
                .setModel(ModelReference.newBuilder().setId("small").setDimension(DIMENSION))
                .setState(BuildState.BUILD_STATE_LIVE))
        .build();
  }

  private static List<String> ids(IngestProcess process) throws Exception {
    return json(process.get("/v1/collections")).path("collections").findValuesAsText("id").stream()
        .filter(id -> !id.equals("0123456789abcdef"))
        .toList();
  }

  private static List<String> topics(String id) throws Exception {
    return admin.listTopics().names().get().stream().filter(name -> name.contains(id)).toList();
  }

  /** The other instance may hear of the deletion a moment later, and the broker takes one, too. */
  private static void awaitNoTopics(String id) {
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(topics(id)).as("topics of " + id).isEmpty());
  }

  private static void write(String key, CollectionEvent event) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer
          .send(new ProducerRecord<>(Topics.COLLECTIONS, key.getBytes(UTF_8), event.toByteArray()))
          .get();
    }
  }

  private static JsonNode created(String body) throws Exception {
    HttpResponse<String> answer = send(one, "POST", "/v1/collections", body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    return json(answer);
  }

  private static JsonNode json(HttpResponse<String> answer) throws Exception {
    assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
    return JSON.readTree(answer.body());
  }

  private static void refused(HttpResponse<String> answer, int status, String code) {
    assertThat(answer.body()).contains("\"code\":\"" + code + "\"");
    assertThat(answer.statusCode()).isEqualTo(status);
  }

  private static HttpResponse<String> upload(IngestProcess to, String collection, String imageId)
      throws Exception {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    image.setRGB(3, 3, imageId.hashCode() & 0xffffff);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return IngestProcess.HTTP.send(
        HttpRequest.newBuilder(to.uri("/v1/collections/" + collection + "/images/" + imageId))
            .timeout(Duration.ofSeconds(20))
            .PUT(BodyPublishers.ofByteArray(bytes.toByteArray()))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> send(
      IngestProcess to, String method, String path, String body) throws Exception {
    return IngestProcess.HTTP.send(
        request(to, method, path, body), HttpResponse.BodyHandlers.ofString());
  }

  private static CompletableFuture<HttpResponse<String>> sending(
      IngestProcess to, String method, String path, String body) {
    return IngestProcess.HTTP.sendAsync(
        request(to, method, path, body), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest request(IngestProcess to, String method, String path, String body) {
    return HttpRequest.newBuilder(to.uri(path))
        .timeout(Duration.ofSeconds(40))
        .header("Content-Type", "application/json")
        .method(method, BodyPublishers.ofString(body))
        .build();
  }
}
