package dev.lookalike.embed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import dev.lookalike.engines.KafkaEngine;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.embed.v1.EmbedGrpc;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.ListModelsRequest;
import dev.lookalike.proto.embed.v1.QueryImage;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.proto.image.v1.Region;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients of the packaged service see: its calls, its document, its limits. */
class EdgeIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PATH = "/v1/collections/edge/embed";

  @TempDir static Path directory;

  private static KafkaEngine broker;
  private static ServiceProcess service;
  private static ManagedChannel channel;
  private static EmbedGrpc.EmbedBlockingStub rpc;

  @BeforeAll
  static void start() throws Exception {
    broker = KafkaEngine.start(directory.resolve("broker"));
    Map<String, Object> config = Map.of("bootstrap.servers", broker.bootstrapServers());
    try (Admin admin = Admin.create(config);
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      admin
          .createTopics(
              List.of(
                  new NewTopic(Topics.COLLECTIONS, Optional.of(1), Optional.empty())
                      .configs(Map.of("cleanup.policy", "compact")),
                  new NewTopic(Topics.images("edge0001"), Optional.of(1), Optional.empty())))
          .all()
          .get();
      producer
          .send(
              new ProducerRecord<>(
                  Topics.COLLECTIONS,
                  "edge0001".getBytes(UTF_8),
                  CollectionEvent.newBuilder()
                      .setCollection(
                          Collection.newBuilder()
                              .setId("edge0001")
                              .setName("edge")
                              .setGeneration(1)
                              .setPartitions(1)
                              .setBounds(CanonicalBounds.newBuilder().setShortSide(512)))
                      .build()
                      .toByteArray()))
          .get();
    }
    service =
        ServiceProcess.start(
            broker.bootstrapServers(),
            Path.of("target", "service-edge.log"),
            "lookalike.device=prefer");
    channel =
        Grpc.newChannelBuilder("127.0.0.1:" + service.grpcPort, InsecureChannelCredentials.create())
            .build();
    rpc = EmbedGrpc.newBlockingStub(channel).withDeadlineAfter(300, TimeUnit.SECONDS);
    await().atMost(Duration.ofSeconds(60)).until(service::isReady);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> service.post(PATH, Images.jpeg(1), "image/jpeg").statusCode() == 200);
  }

  @AfterAll
  static void stop() throws Exception {
    channel.shutdownNow();
    service.close();
    broker.close();
  }

  private static QueryImage image(byte[] bytes) {
    return QueryImage.newBuilder().setImage(ByteString.copyFrom(bytes)).build();
  }

  private static EmbedImagesRequest request(QueryImage... images) {
    return EmbedImagesRequest.newBuilder()
        .setCollectionId("edge0001")
        .addAllImages(List.of(images))
        .build();
  }

  @Test
  void embedsImagesOverGrpc() throws Exception {
    EmbedImagesResponse response =
        rpc.embedImages(
            request(
                image(Images.jpeg(1)),
                image("no picture".getBytes(UTF_8)),
                image(Images.jpeg(1)).toBuilder()
                    .setRegion(Region.newBuilder().setX(2).setWidth(1).setHeight(1))
                    .build(),
                image(Images.jpeg(2))));
    assertThat(response.getResultsCount()).isEqualTo(4);
    assertThat(response.getModel().getId()).isEqualTo("lookalike-256");
    assertThat(response.getBuildId()).isNotEmpty();
    List<Float> first = response.getResults(0).getEmbedding().getValuesList();
    assertThat(first).hasSize(response.getModel().getDimension());
    assertThat(Math.sqrt(first.stream().mapToDouble(value -> value * value).sum()))
        .isCloseTo(1, org.assertj.core.data.Offset.offset(1e-4));
    assertThat(response.getResults(1).getRefused().getCode()).isEqualTo("UNKNOWN_FORMAT");
    assertThat(response.getResults(2).getRefused().getCode()).isEqualTo("INVALID_REGION");
    assertThat(response.getResults(3).getEmbedding().getValuesList()).isNotEqualTo(first);
    // The same vector as over HTTP; and both say that CUDA, which was preferred, is not it.
    JsonNode answer = JSON.readTree(service.post(PATH, Images.jpeg(1), "image/jpeg").body());
    assertThat(List.of(response.getDevice(), answer.path("device").asText())).containsOnly("cpu");
    assertThat(service.get("/q/health/ready").body()).contains("cpu, and not CUDA: ");
    var overHttp = answer.path("results").get(0).path("embedding").path("values");
    for (int i = 0; i < first.size(); i++) {
      assertThat((float) overHttp.get(i).asDouble()).isEqualTo(first.get(i));
    }
    assertThat(rpc.listModels(ListModelsRequest.getDefaultInstance()).getModelsList())
        .anySatisfy(model -> assertThat(model.getModel()).isEqualTo(response.getModel()));
  }

  @Test
  void errorsOverGrpcCarryTheirCode() {
    assertRefused(
        () -> rpc.embedImages(request()), Status.Code.INVALID_ARGUMENT, "INVALID_ARGUMENT");
    QueryImage[] many = new QueryImage[17];
    java.util.Arrays.fill(many, image(new byte[1]));
    assertRefused(
        () -> rpc.embedImages(request(many)), Status.Code.INVALID_ARGUMENT, "INVALID_ARGUMENT");
    assertRefused(
        () ->
            rpc.embedImages(
                request(image(new byte[1])).toBuilder().setCollectionId("none").build()),
        Status.Code.NOT_FOUND,
        "COLLECTION_NOT_FOUND");
    assertRefused(
        () ->
            rpc.embedImages(
                request(image(new byte[1])).toBuilder().setBuildId("0123456789abcdef").build()),
        Status.Code.UNAVAILABLE,
        "NOT_BOUND");
  }

  private static void assertRefused(ThrowingCallable call, Status.Code status, String code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(status);
              try {
                ErrorInfo info = StatusProto.fromThrowable(e).getDetails(0).unpack(ErrorInfo.class);
                assertThat(info.getReason()).isEqualTo(code);
                assertThat(info.getDomain()).isEqualTo("lookalike");
              } catch (com.google.protobuf.InvalidProtocolBufferException impossible) {
                throw new AssertionError(impossible);
              }
            });
  }

  @Test
  void anImageIsTheSameAsABodyAsAFormAndInJson() throws Exception {
    byte[] jpeg = Images.jpeg(1);
    byte[] form =
        ByteString.copyFromUtf8(
                "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\n")
            .concat(ByteString.copyFrom(jpeg))
            .concat(ByteString.copyFromUtf8("\r\n--b--\r\n"))
            .toByteArray();
    String json = "{\"images\":[{\"image\":\"" + Base64.getEncoder().encodeToString(jpeg) + "\"}]}";
    JsonNode whole = JSON.readTree(service.post(PATH, jpeg, "image/jpeg").body());
    assertThat(whole.path("results").get(0).path("embedding").path("values")).isNotEmpty();
    assertThat(JSON.readTree(service.post(PATH, form, "multipart/form-data; boundary=b").body()))
        .isEqualTo(whole);
    assertThat(JSON.readTree(service.post(PATH, json.getBytes(UTF_8), "application/json").body()))
        .isEqualTo(whole);
    for (String wrong : List.of("", "{\"images\": 3}", "{\"images\": [], \"more\": 1}", "{}")) {
      assertThat(service.post(PATH, wrong.getBytes(UTF_8), "application/json").body())
          .as(wrong)
          .contains("INVALID_ARGUMENT");
    }
  }

  @Test
  void survivesAFloodOverHttp() throws Exception {
    byte[] raw = new byte[30_000_000];
    List<String> answers = Push.atOnce(48, service.port, PATH, "image/jpeg", raw);
    assertThat(answers).hasSize(48).contains("415", "429");
    assertThat(answers).allMatch(List.of("415", "429", "lost")::contains);
    byte[] json =
        ("{\"images\":[{\"image\":\"" + Base64.getEncoder().encodeToString(raw) + "\"}]}")
            .getBytes(UTF_8);
    answers = Push.atOnce(24, service.port, PATH, "application/json", json);
    assertThat(answers).hasSize(24).contains("200", "429");
    assertThat(answers).allMatch(List.of("200", "429", "lost")::contains);
    System.out.printf(
        "floods of 48 x 30 MB and 24 x 40 MB over HTTP at -Xmx128m: resident %d MiB at most%n",
        service.residentMebibytesAtMost());
    assertWell();
  }

  @Test
  void survivesAFloodOverGrpc() throws Exception {
    EmbedImagesRequest large = request(image(new byte[30_000_000]));
    List<CompletableFuture<String>> answers = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      answers.add(
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return rpc.embedImages(large).getResults(0).getRefused().getCode();
                } catch (StatusRuntimeException e) {
                  return e.getStatus().getCode().name();
                }
              },
              Thread::startVirtualThread));
    }
    List<String> said = new ArrayList<>();
    for (CompletableFuture<String> answer : answers) {
      said.add(answer.get(90, TimeUnit.SECONDS));
    }
    System.out.printf(
        "flood of 16 x 30 MB over gRPC at -Xmx128m: %s, resident %d MiB at most%n",
        said, service.residentMebibytesAtMost());
    assertThat(said).contains("UNKNOWN_FORMAT", "RESOURCE_EXHAUSTED");
    assertThat(said).allMatch(List.of("UNKNOWN_FORMAT", "RESOURCE_EXHAUSTED")::contains);
    assertWell();
  }

  private static void assertWell() throws Exception {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> service.get("/q/metrics").body().contains("lookalike_embed_intake_bytes 0.0"));
    assertThat(service.isAlive()).isTrue();
    assertThat(service.post(PATH, Images.jpeg(1), "image/jpeg").statusCode()).isEqualTo(200);
    assertThat(rpc.embedImages(request(image(Images.jpeg(1)))).getResults(0).hasEmbedding())
        .isTrue();
  }

  @Test
  void servesTheDocumentThatIsPublished() throws Exception {
    String served =
        JSON.writerWithDefaultPrettyPrinter()
            .writeValueAsString(JSON.readTree(service.get("/q/openapi?format=json").body()));
    Path published = Path.of("src/test/resources/openapi.json");
    if (Boolean.getBoolean("lookalike.publish")) {
      Files.writeString(published, served + "\n");
    }
    assertThat(served.lines())
        .as(
            "what is served is not src/test/resources/openapi.json; if that is wanted:"
                + " ./mvnw verify -pl embed-service -am -Dit.test=EdgeIT"
                + " -Dfailsafe.failIfNoSpecifiedTests=false -Dlookalike.publish=true")
        .containsExactlyElementsOf(Files.readAllLines(published));
  }
}
