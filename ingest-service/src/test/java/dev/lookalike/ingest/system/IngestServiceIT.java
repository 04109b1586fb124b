package dev.lookalike.ingest.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.lookalike.broker.BrokerProcess;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Tokens;
import dev.lookalike.log.Topics;
import dev.lookalike.log.Versions;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.ImageEvent;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.ingest.v1.AttributePatch;
import dev.lookalike.proto.ingest.v1.CollectionInfo;
import dev.lookalike.proto.ingest.v1.CreateCollectionRequest;
import dev.lookalike.proto.ingest.v1.DeleteImageRequest;
import dev.lookalike.proto.ingest.v1.DeleteImagesRequest;
import dev.lookalike.proto.ingest.v1.DeleteImagesResponse;
import dev.lookalike.proto.ingest.v1.GetCollectionRequest;
import dev.lookalike.proto.ingest.v1.GetContentRequest;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import dev.lookalike.proto.ingest.v1.ListCollectionsRequest;
import dev.lookalike.proto.ingest.v1.PatchImageRequest;
import dev.lookalike.proto.ingest.v1.PatchImagesRequest;
import dev.lookalike.proto.ingest.v1.PutImageRequest;
import dev.lookalike.proto.ingest.v1.PutImageResponse;
import dev.lookalike.proto.ingest.v1.PutImagesResponse;
import dev.lookalike.proto.ingest.v1.RetryImageRequest;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service over real HTTP and gRPC, with a real broker and a query service made up. */
@NullUnmarked
class IngestServiceIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DEFAULT = "/v1/collections/default/images";
  private static final int PARTITIONS = 4;

  @TempDir static Path directory;
  private static BrokerProcess broker;
  private static FakeSearch search;
  private static IngestProcess service;
  private static ManagedChannel channel;
  private static IngestGrpc.IngestBlockingStub rpc;

  @BeforeAll
  static void start() throws Exception {
    // The service comes first: it waits for the broker.
    search = new FakeSearch();
    java.net.ServerSocket one = new java.net.ServerSocket(0);
    java.net.ServerSocket two = new java.net.ServerSocket(0);
    int port = one.getLocalPort();
    int controllerPort = two.getLocalPort();
    one.close();
    two.close();
    service = start("127.0.0.1:" + port);
    broker = BrokerProcess.start(directory.resolve("broker"), port, controllerPort);
    service.awaitReady();
    connect();
  }

  private static IngestProcess start(String bootstrap) throws Exception {
    return IngestProcess.start(
        "-Dlookalike.kafka.bootstrap-servers=" + bootstrap,
        "-Dlookalike.kafka.delivery-timeout=3s",
        "-Dquarkus.http.read-timeout=5s",
        "-Dlookalike.query.address=" + search.address(),
        "-Dlookalike.embed.address=127.0.0.1:1",
        "-Dlookalike.blobs.directory=" + directory.resolve("blobs"));
  }

  private static void connect() {
    channel =
        Grpc.newChannelBuilder("127.0.0.1:" + service.grpcPort, InsecureChannelCredentials.create())
            .build();
    rpc = IngestGrpc.newBlockingStub(channel).withDeadlineAfter(120, TimeUnit.SECONDS);
  }

  @AfterAll
  static void stop() throws Exception {
    channel.shutdownNow();
    service.close();
    broker.close();
    search.close();
  }

  @Test
  void theVersionIsThePlaceInTheLog() throws Exception {
    JsonNode answer =
        accepted(
            send(
                "PUT",
                DEFAULT + "/place-1?label=shoe&label=red",
                picture(1),
                "Lookalike-Attributes",
                "{\"price\": 12.5, \"name\": \"Stra\u00dfe\"}".replace("\u00df", "\\u00df")));
    assertThat(answer.get("collection").asText()).isEqualTo("default");
    assertThat(answer.get("image_id").asText()).isEqualTo("place-1");
    ImageVersion version = version(answer);
    assertThat(version.getPartition()).isEqualTo(Keys.partition("place-1", PARTITIONS));
    assertThat(Tokens.decode(answer.get("token").asText()).orElseThrow().getVersion())
        .isEqualTo(version);
    ConsumerRecord<byte[], byte[]> record = imageRecord(version);
    assertThat(Keys.imageId(record.key())).isEqualTo("place-1");
    ImageEvent event = ImageEvent.parseFrom(record.value());
    assertThat(event.getStored().getAttributesOrThrow("price").getNumber()).isEqualTo(12.5);
    assertThat(event.getStored().getAttributesOrThrow("name").getString()).isEqualTo("Stra\u00dfe");
    assertThat(event.getStored().getLabelsList())
        .extracting(label -> label.getName())
        .containsExactly("shoe", "red");
    assertThat(event.getStored().getAttempt()).isEqualTo(1);
    assertThat(event.getStored().getCanonical().getInline().size()).isPositive();
    assertThat(event.getStored().getOriginal().getMediaType()).isEqualTo("image/png");
  }

  @Test
  void aRepeatedRequestLandsOnTheSameImage() throws Exception {
    byte[] image = picture(2);
    JsonNode byContent = accepted(send("POST", DEFAULT, image));
    assertThat(accepted(send("POST", DEFAULT, image)).get("image_id"))
        .isEqualTo(byContent.get("image_id"));
    JsonNode byKey = accepted(send("POST", DEFAULT, image, "Idempotency-Key", "order-17"));
    assertThat(byKey.get("image_id").asText()).isEqualTo("pjnfuxfjhcx345nd32c7q6vnvzo4pkxs");
    assertThat(
            accepted(send("POST", DEFAULT, picture(3), "Idempotency-Key", "order-17"))
                .get("image_id"))
        .isEqualTo(byKey.get("image_id"));
    assertThat(
            rpc.putImage(
                    PutImageRequest.newBuilder()
                        .setIdempotencyKey("order-17")
                        .setImage(ByteString.copyFrom(image))
                        .build())
                .getImageId())
        .isEqualTo(byKey.get("image_id").asText());
  }

  @Test
  void readsContentFromTheLog() throws Exception {
    ImageVersion version = version(accepted(send("PUT", DEFAULT + "/content-1", picture(4))));
    String path = DEFAULT + "/content-1/content";
    HttpResponse<byte[]> canonical = bytes(path + "?version=" + Versions.text(version));
    assertThat(canonical.statusCode()).isEqualTo(200);
    assertThat(canonical.headers().firstValue("Content-Type")).hasValue("image/jpeg");
    assertThat(canonical.headers().firstValue("Cache-Control").orElseThrow()).contains("immutable");
    assertThat(canonical.body())
        .isEqualTo(
            ImageEvent.parseFrom(imageRecord(version).value())
                .getStored()
                .getCanonical()
                .getInline()
                .toByteArray());
    String tag = canonical.headers().firstValue("ETag").orElseThrow();
    assertThat(
            send("GET", path + "?version=" + Versions.text(version), null, "If-None-Match", tag)
                .statusCode())
        .isEqualTo(304);
    HttpResponse<byte[]> thumbnail =
        bytes(path + "?variant=thumbnail&version=" + Versions.text(version));
    BufferedImage small = ImageIO.read(new java.io.ByteArrayInputStream(thumbnail.body()));
    assertThat(Math.max(small.getWidth(), small.getHeight())).isEqualTo(256);
    assertRefused(
        send("GET", path + "?variant=original&version=" + Versions.text(version), null),
        404,
        "CONTENT_NOT_FOUND");
    assertRefused(
        send("GET", path + "?version=1." + version.getPartition() + ".999999", null),
        404,
        "CONTENT_NOT_FOUND");
    assertRefused(
        send("GET", DEFAULT + "/other/content?version=" + Versions.text(version), null),
        404,
        "CONTENT_NOT_FOUND");
    assertRefused(send("GET", path, null), 404, "IMAGE_NOT_FOUND");
    know("content-1", version, ImageState.IMAGE_STATE_SEARCHABLE);
    assertThat(bytes(path).body()).isEqualTo(canonical.body());
    ByteString streamed =
        chunks(GetContentRequest.newBuilder().setImageId("content-1").setVersion(version).build());
    assertThat(streamed.toByteArray()).isEqualTo(canonical.body());
  }

  private static ByteString chunks(GetContentRequest request) {
    ByteString[] all = {ByteString.EMPTY};
    rpc.getContent(request).forEachRemaining(next -> all[0] = all[0].concat(next.getChunk()));
    return all[0];
  }

  @Test
  void keepsOriginalsWhereTheCollectionDoes() throws Exception {
    HttpResponse<String> created =
        json(
            "POST",
            "/v1/collections",
            "{\"name\": \"kept\", \"keep_originals\": true, \"partitions\": 2, \"bounds\": {\"short_side\": 256}}");
    assertThat(created.statusCode()).isEqualTo(201);
    assertThat(JSON.readTree(created.body()).get("bounds").get("short_side").asInt())
        .isEqualTo(256);
    assertRefused(
        json("POST", "/v1/collections", "{\"name\": \"kept\"}"), 409, "COLLECTION_EXISTS");
    byte[] image = picture(5);
    JsonNode answer = accepted(send("PUT", "/v1/collections/kept/images/a", image));
    HttpResponse<byte[]> original =
        bytes(
            "/v1/collections/kept/images/a/content?variant=original&version="
                + answer.get("version").asText());
    assertThat(original.statusCode()).isEqualTo(200);
    assertThat(original.headers().firstValue("Content-Type")).hasValue("image/png");
    assertThat(original.body()).isEqualTo(image);
    assertThat(service.get("/v1/collections").body()).contains("\"kept\"", "\"default\"");
  }

  @Test
  void patchesOneAndMany() throws Exception {
    JsonNode answer = accepted(send("PUT", DEFAULT + "/patch-a1", picture(6)));
    ImageVersion version = version(answer);
    String path = DEFAULT + "/patch-a1";
    assertRefused(json("PATCH", path, "{\"set\": {\"a\": 1}}"), 404, "IMAGE_NOT_FOUND");
    HttpResponse<String> patched =
        json(
            "PATCH",
            path,
            "{\"set\": {\"a\": 1}, \"remove\": [\"b\"], \"labels\": [\"x\"], \"token\": \"%s\"}"
                .formatted(answer.get("token").asText()));
    assertThat(patched.statusCode()).isEqualTo(202);
    assertThat(JSON.readTree(patched.body()).get("version")).isEqualTo(answer.get("version"));
    know("patch-a1", version, ImageState.IMAGE_STATE_REJECTED);
    assertRefused(json("PATCH", path, "{\"set\": {\"a\": 1}}"), 409, "NOT_SEARCHABLE");
    for (String id : List.of("patch-a1", "patch-a2", "patch-a3", "patch-b")) {
      know(id, version, ImageState.IMAGE_STATE_SEARCHABLE);
    }
    HttpResponse<String> many =
        json("POST", DEFAULT + ":patch", "{\"filter\": \"patch-a\", \"set\": {\"sale\": true}}");
    assertThat(many.body()).isEqualTo("{\"matched\":3}");
    List<String> keys = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : all(Topics.annotations("default00001"))) {
      var key = Keys.annotation(record.key()).orElseThrow();
      if (!key.imageId().startsWith("patch-")) {
        continue;
      }
      assertThat(record.partition()).isEqualTo(Keys.partition(key.imageId(), PARTITIONS));
      assertThat(AnnotationEvent.parseFrom(record.value()).getImageVersion()).isEqualTo(version);
      keys.add(key.imageId() + " " + key.subject());
    }
    assertThat(keys)
        .containsExactlyInAnyOrder(
            "patch-a1 attributes/a",
            "patch-a1 attributes/b",
            "patch-a1 labels/user",
            "patch-a1 attributes/sale",
            "patch-a2 attributes/sale",
            "patch-a3 attributes/sale");
    assertRefused(
        json("POST", DEFAULT + ":patch", "{\"filter\": \"(\", \"set\": {\"a\": 1}}"),
        400,
        "INVALID_FILTER");
    assertRefused(json("POST", DEFAULT + ":patch", "{\"set\": {\"a\": 1}}"), 400, "INVALID_FILTER");
    assertRefused(
        json("PATCH", path, "{\"set\": {\"a\": 1}, \"token\": \"nonsense\"}"),
        400,
        "INVALID_TOKEN");
    HttpResponse<String> unknown = json("PATCH", path, "{\"sett\": {}}");
    assertRefused(unknown, 400, "INVALID_ARGUMENT");
    assertThat(unknown.body()).contains("sett");
  }

  @Test
  void deletesOneAndMany() throws Exception {
    JsonNode one = accepted(send("DELETE", DEFAULT + "/never-there", null));
    assertThat(ImageEvent.parseFrom(imageRecord(version(one)).value()).hasDeleted()).isTrue();
    for (String id : List.of("delete-1", "delete-2", "delete-3")) {
      know(id, ImageVersion.getDefaultInstance(), ImageState.IMAGE_STATE_SEARCHABLE);
    }
    HttpResponse<String> many = json("POST", DEFAULT + ":delete", "{\"filter\": \"delete-\"}");
    JsonNode answer = JSON.readTree(many.body());
    assertThat(answer.get("matched").asInt()).isEqualTo(3);
    List<Integer> partitions = new ArrayList<>();
    for (JsonNode token : answer.get("tokens")) {
      ImageVersion version = Tokens.decode(token.asText()).orElseThrow().getVersion();
      partitions.add(version.getPartition());
      assertThat(ImageEvent.parseFrom(imageRecord(version).value()).hasDeleted()).isTrue();
    }
    assertThat(partitions)
        .doesNotHaveDuplicates()
        .allMatch(
            partition ->
                List.of("delete-1", "delete-2", "delete-3").stream()
                    .anyMatch(id -> Keys.partition(id, PARTITIONS) == partition));
  }

  @Test
  void retriesARejectedImageWhileItIsTheNewest() throws Exception {
    ImageVersion version = version(accepted(send("PUT", DEFAULT + "/retry-1", picture(7))));
    String path = DEFAULT + "/retry-1/retry";
    assertRefused(send("POST", path, null), 404, "IMAGE_NOT_FOUND");
    know("retry-1", version, ImageState.IMAGE_STATE_SEARCHABLE);
    assertRefused(send("POST", path, null), 409, "NOT_REJECTED");
    know("retry-1", version, ImageState.IMAGE_STATE_REJECTED);
    JsonNode retried = accepted(send("POST", path, null));
    ImageEvent again = ImageEvent.parseFrom(imageRecord(version(retried)).value());
    assertThat(again.getStored().getAttempt()).isEqualTo(2);
    assertThat(again.getStored().getRetryOf()).isEqualTo(version);
    // The retry itself is now newer than what was rejected.
    assertRefused(send("POST", path, null), 409, "SUPERSEDED");
  }

  @Test
  void refusesWithStableCodes() throws Exception {
    assertRefused(send("POST", DEFAULT, new byte[0]), 415, "EMPTY");
    assertRefused(send("POST", DEFAULT, "hello".getBytes()), 415, "UNKNOWN_FORMAT");
    byte[] cut = java.util.Arrays.copyOf(picture(8), picture(8).length / 2);
    assertRefused(send("POST", DEFAULT, cut), 422, "TRUNCATED");
    assertRefused(send("PUT", DEFAULT + "/..%2f..%2fetc", picture(8)), 400, "INVALID_IMAGE_ID");
    assertRefused(
        send("POST", "/v1/collections/nope/images", picture(8)), 404, "COLLECTION_NOT_FOUND");
    assertRefused(
        send("POST", DEFAULT, picture(8), "Lookalike-Attributes", "{\"a\": null}"),
        400,
        "INVALID_ATTRIBUTE");
    assertRefused(
        json("POST", "/v1/collections", "{\"name\": \"No\"}"), 400, "INVALID_COLLECTION_NAME");
    assertRefused(send("GET", "/v1/nothing/here", null), 404, "PATH_NOT_FOUND");
    assertRefused(send("POST", DEFAULT, new byte[(32 << 20) + 1]), 413, "TOO_MANY_BYTES");
    assertRefused(
        () -> rpc.putImage(PutImageRequest.newBuilder().setImageId("a/b").build()),
        Status.Code.INVALID_ARGUMENT,
        "INVALID_IMAGE_ID");
  }

  @Test
  void streamsBulkUploads() throws Exception {
    List<PutImagesResponse> answers = new ArrayList<>();
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    StreamObserver<PutImageRequest> requests =
        IngestGrpc.newStub(channel)
            .putImages(
                new StreamObserver<>() {
                  @Override
                  public void onNext(PutImagesResponse answer) {
                    answers.add(answer);
                  }

                  @Override
                  public void onError(Throwable e) {
                    done.completeExceptionally(e);
                  }

                  @Override
                  public void onCompleted() {
                    done.complete(true);
                  }
                });
    for (int i = 0; i < 40; i++) {
      requests.onNext(
          PutImageRequest.newBuilder()
              .setImageId("bulk-" + i)
              .setImage(i == 7 ? ByteString.copyFromUtf8("x") : ByteString.copyFrom(picture(i)))
              .build());
    }
    requests.onCompleted();
    assertThat(done.get(60, TimeUnit.SECONDS)).isTrue();
    assertThat(answers).hasSize(40);
    for (int i = 0; i < 40; i++) {
      PutImagesResponse answer = answers.get(i);
      assertThat(answer.getIndex()).isEqualTo(i);
      if (i == 7) {
        assertThat(answer.getRefused().getCode()).isEqualTo("UNKNOWN_FORMAT");
        assertThat(answer.getRefused().getRetryable()).isFalse();
      } else {
        assertThat(answer.getAccepted().getImageId()).isEqualTo("bulk-" + i);
      }
    }
  }

  /** 64 senders of 30 MB that do not ask first, against a heap of 96 MB. */
  @Test
  void refusesWhatItCannotHoldAndStaysAlive() throws Exception {
    byte[] large = bitmap();
    List<String> answers = new CopyOnWriteArrayList<>();
    List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      String path = DEFAULT + "/flood-" + i;
      senders.add(Thread.startVirtualThread(() -> answers.add(pushed(path, large))));
    }
    assertThat(send("POST", DEFAULT, picture(9)).statusCode()).isEqualTo(202);
    for (Thread sender : senders) {
      assertThat(sender.join(Duration.ofSeconds(60))).isTrue();
    }
    assertThat(answers).hasSize(64).contains("202", "429 close");
    // A sender that is pushed back while it sends may lose the answer.
    assertThat(answers).filteredOn("lost"::equals).hasSizeLessThan(16);
    assertThat(answers).allMatch(List.of("202", "429 close", "lost")::contains);
    awaitNothingInFlight();
    assertThat(service.alive()).isTrue();
    assertThat(service.get("/q/metrics").body()).contains("code=\"FULL\"");
  }

  @Test
  void takesLargeImagesOneAfterTheOther() throws Exception {
    byte[] large = bitmap();
    List<String> answers = new CopyOnWriteArrayList<>();
    List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      String path = DEFAULT + "/large-" + i;
      senders.add(
          Thread.startVirtualThread(
              () -> {
                String answer = "";
                for (int tries = 0; tries < 300 && !answer.equals("202"); tries++) {
                  LockSupport.parkNanos(100_000_000);
                  answer = pushed(path, large);
                }
                answers.add(answer);
              }));
    }
    for (Thread sender : senders) {
      assertThat(sender.join(Duration.ofSeconds(60))).isTrue();
    }
    assertThat(answers).hasSize(5).containsOnly("202");
  }

  /** An image in a form takes no more of the heap than one that is the body. */
  @Test
  void takesLargeImagesInForms() throws Exception {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes("--B\r\nContent-Disposition: form-data; name=image\r\n\r\n".getBytes());
    body.writeBytes(bitmap());
    body.writeBytes("\r\n--B--\r\n".getBytes());
    byte[] form = body.toByteArray();
    String type = "multipart/form-data; boundary=B";
    assertThat(send("POST", DEFAULT, form, "Content-Type", type).statusCode()).isEqualTo(202);
    HttpRequest chunked =
        HttpRequest.newBuilder(service.uri(DEFAULT))
            .header("Content-Type", type)
            .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(form)))
            .build();
    assertThat(IngestProcess.HTTP.send(chunked, HttpResponse.BodyHandlers.ofString()).statusCode())
        .isEqualTo(202);
    List<String> answers = new CopyOnWriteArrayList<>();
    List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      byte[] head =
          "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
              .formatted(DEFAULT, type, form.length)
              .getBytes();
      senders.add(Thread.startVirtualThread(() -> answers.add(pushedAfter(head, form))));
    }
    for (Thread sender : senders) {
      assertThat(sender.join(Duration.ofSeconds(60))).isTrue();
    }
    assertThat(answers).hasSize(24).contains("202");
    assertThat(answers).allMatch(List.of("202", "429 close", "lost")::contains);
    awaitNothingInFlight();
    assertThat(service.alive()).isTrue();
    System.out.printf(
        "forms of %d bytes at -Xmx96m: resident %d MiB at most%n",
        form.length, service.residentMebibytesAtMost());
  }

  @Test
  void givesBackThePlacesOfSendersThatStallOrLeave() throws Exception {
    List<Socket> stalled = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Socket socket = new Socket("127.0.0.1", service.httpPort);
      stalled.add(socket);
      socket.getOutputStream().write(head(DEFAULT + "/stalled-" + i, 100_000));
      socket.getOutputStream().write(new byte[1000]);
    }
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () ->
                service
                    .get("/q/metrics")
                    .body()
                    .contains("lookalike_ingest_in_flight_requests 40.0"));
    for (int i = 0; i < 20; i++) {
      stalled.get(i).setSoLinger(true, 0);
      stalled.get(i).close();
    }
    assertThat(send("POST", DEFAULT, picture(12)).statusCode()).isEqualTo(202);
    // The rest sends nothing more and is cut off.
    awaitNothingInFlight();
    for (int i = 20; i < 40; i++) {
      stalled.get(i).setSoTimeout(10_000);
      String answer = new String(stalled.get(i).getInputStream().readAllBytes());
      assertThat(answer).doesNotContain(" 202 ");
      stalled.get(i).close();
    }
    assertThat(service.log()).doesNotContain("ERROR");
  }

  private static void awaitNothingInFlight() {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              String metrics = service.get("/q/metrics").body();
              return metrics.contains("lookalike_ingest_in_flight_bytes 0.0")
                  && metrics.contains("lookalike_ingest_in_flight_requests 0.0");
            });
  }

  private static byte[] head(String path, int length) {
    return "PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        .formatted(path, length)
        .getBytes();
  }

  /** Status, and "close" where it says so, of a body that is sent without waiting; or "lost". */
  private static String pushed(String path, byte[] body) {
    return pushedAfter(head(path, body.length), body);
  }

  private static String pushedAfter(byte[] head, byte[] body) {
    try (Socket socket = new Socket("127.0.0.1", service.httpPort)) {
      socket.setSoTimeout(60_000);
      Thread sender =
          Thread.startVirtualThread(
              () -> {
                try {
                  OutputStream out = socket.getOutputStream();
                  out.write(head);
                  for (int at = 0; at < body.length; at += 1 << 16) {
                    out.write(body, at, Math.min(1 << 16, body.length - at));
                  }
                } catch (IOException e) {
                  // Refused meanwhile: the reader sees how.
                  return;
                }
              });
      BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
      String first = in.readLine();
      if (first == null) {
        return "lost";
      }
      String status = first.split(" ")[1];
      String line;
      while ((line = in.readLine()) != null && !line.isEmpty()) {
        if (line.equalsIgnoreCase("connection: close")) {
          status += " close";
        }
      }
      socket.close();
      sender.join();
      return status;
    } catch (IOException e) {
      return "lost";
    } catch (InterruptedException e) {
      return "interrupted";
    }
  }

  @Test
  void answersEveryCallOverGrpc() throws Exception {
    PutImageRequest put =
        PutImageRequest.newBuilder()
            .setImageId("rpc-1")
            .setImage(ByteString.copyFrom(picture(13)))
            .build();
    PutImageResponse answer = rpc.putImage(put);
    assertThat(answer.getCollection()).isEqualTo("default");
    AttributePatch patch =
        AttributePatch.newBuilder()
            .putSet("rpc", AttributeValue.newBuilder().setNumber(1).build())
            .build();
    assertThat(
            rpc.patchImage(
                    PatchImageRequest.newBuilder()
                        .setImageId("rpc-1")
                        .setToken(answer.getToken())
                        .setPatch(patch)
                        .build())
                .getVersion())
        .isEqualTo(answer.getVersion());
    for (String id : List.of("rpc-1", "rpc-2", "rpc-3")) {
      know(id, answer.getVersion(), ImageState.IMAGE_STATE_SEARCHABLE);
    }
    assertThat(
            rpc.patchImages(
                    PatchImagesRequest.newBuilder().setFilter("rpc-").setPatch(patch).build())
                .getMatched())
        .isEqualTo(3);
    DeleteImagesResponse deleted =
        rpc.deleteImages(DeleteImagesRequest.newBuilder().setFilter("rpc-").build());
    assertThat(deleted.getMatched()).isEqualTo(3);
    assertThat(deleted.getTokensList()).isNotEmpty();
    assertThat(
            rpc.deleteImage(DeleteImageRequest.newBuilder().setImageId("rpc-1").build())
                .getVersion()
                .getOffset())
        .isGreaterThan(answer.getVersion().getOffset());
    PutImageResponse again = rpc.putImage(put);
    know("rpc-1", again.getVersion(), ImageState.IMAGE_STATE_REJECTED);
    RetryImageRequest retry = RetryImageRequest.newBuilder().setImageId("rpc-1").build();
    ImageVersion retried = rpc.retryImage(retry).getVersion();
    assertThat(retried.getOffset()).isGreaterThan(again.getVersion().getOffset());
    assertRefused(() -> rpc.retryImage(retry), Status.Code.FAILED_PRECONDITION, "SUPERSEDED");
    CollectionInfo created =
        rpc.createCollection(CreateCollectionRequest.newBuilder().setName("by-rpc").build());
    assertThat(created.getPartitions()).isEqualTo(PARTITIONS);
    assertThat(rpc.getCollection(GetCollectionRequest.newBuilder().setCollection("by-rpc").build()))
        .isEqualTo(created);
    assertThat(
            rpc.listCollections(ListCollectionsRequest.getDefaultInstance()).getCollectionsList())
        .contains(created.toBuilder().clearProblem().build());
    assertRefused(
        () -> rpc.createCollection(CreateCollectionRequest.newBuilder().setName("by-rpc").build()),
        Status.Code.ALREADY_EXISTS,
        "COLLECTION_EXISTS");
    assertRefused(
        () -> rpc.getCollection(GetCollectionRequest.newBuilder().setCollection("no").build()),
        Status.Code.NOT_FOUND,
        "COLLECTION_NOT_FOUND");
  }

  private static void assertRefused(ThrowingCallable call, Status.Code status, String code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(status);
              assertThat(io.grpc.protobuf.StatusProto.fromThrowable(e).toString()).contains(code);
            });
  }

  @Test
  void saysSoWhileTheIndexIsAway() throws Exception {
    search.silent = true;
    try {
      assertRefused(send("POST", DEFAULT + "/retry-x/retry", null), 503, "QUERY_UNAVAILABLE");
      assertRefused(
          () -> rpc.retryImage(RetryImageRequest.newBuilder().setImageId("retry-x").build()),
          Status.Code.UNAVAILABLE,
          "QUERY_UNAVAILABLE");
      assertThat(send("POST", DEFAULT, picture(15)).statusCode()).isEqualTo(202);
    } finally {
      search.silent = false;
    }
  }

  @Test
  void saysSoWhileTheBrokerIsAway() throws Exception {
    broker.kill();
    assertRefused(send("POST", DEFAULT, picture(10)), 503, "BROKER_UNAVAILABLE");
    assertThatThrownBy(
            () ->
                rpc.putImage(
                    PutImageRequest.newBuilder()
                        .setImage(ByteString.copyFrom(picture(10)))
                        .build()))
        .hasMessageContaining("UNAVAILABLE");
    await()
        .atMost(Duration.ofSeconds(15))
        .until(() -> service.readiness().contains("the broker does not answer"));
    broker.restart();
    service.awaitReady();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> send("POST", DEFAULT, picture(10)).statusCode() == 202);
  }

  @Test
  void goesOnAfterARestart() throws Exception {
    ImageVersion before = version(accepted(send("PUT", DEFAULT + "/restart-1", picture(11))));
    try (IngestProcess second = start(broker.bootstrapServers()).awaitReady()) {
      HttpResponse<byte[]> content =
          IngestProcess.HTTP.send(
              HttpRequest.newBuilder(
                      second.uri(DEFAULT + "/restart-1/content?version=" + Versions.text(before)))
                  .build(),
              HttpResponse.BodyHandlers.ofByteArray());
      assertThat(content.statusCode()).isEqualTo(200);
      assertThat(JSON.readTree(second.get("/v1/collections/default").body()).get("id").asText())
          .isEqualTo("default00001");
      second.endInput();
      assertThat(second.awaitExit()).isZero();
      String farewell = second.log();
      farewell = farewell.substring(farewell.indexOf("standard input ended"));
      assertThat(farewell).contains("stopped in").doesNotContain("Exception", "WARN");
    }
  }

  @Test
  void refusesToStartWrongly() throws Exception {
    try (IngestProcess unknown = IngestProcess.start("-Dlookalike.nonsense=1");
        IngestProcess open = IngestProcess.start("-Dquarkus.http.host=0.0.0.0")) {
      assertThat(unknown.awaitExit()).isNotZero();
      assertThat(unknown.log()).contains("lookalike.nonsense");
      assertThat(open.awaitExit()).isNotZero();
      assertThat(open.log()).contains("lookalike.allow-remote");
    }
  }

  @Test
  void servesTheDocumentThatIsPublished() throws Exception {
    String served = service.get("/q/openapi?format=json").body();
    Path published = Path.of("src/test/resources/openapi.json");
    if (Boolean.getBoolean("lookalike.publish")) {
      java.nio.file.Files.createDirectories(published.getParent());
      java.nio.file.Files.writeString(published, served);
    }
    assertThat(JSON.readTree(served))
        .as("openapi.json; -Dlookalike.publish=true writes it anew")
        .isEqualTo(JSON.readTree(java.nio.file.Files.readString(published)));
  }

  private static void know(String id, ImageVersion version, ImageState state) {
    search.entries.put(
        id, ImageEntry.newBuilder().setImageId(id).setVersion(version).setState(state).build());
  }

  private static ImageVersion version(JsonNode answer) {
    return Versions.parse(answer.get("version").asText()).orElseThrow();
  }

  private static JsonNode accepted(HttpResponse<String> response) throws Exception {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    return JSON.readTree(response.body());
  }

  private static void assertRefused(HttpResponse<String> response, int status, String code)
      throws Exception {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type").orElse(""))
        .startsWith("application/problem+json");
    JsonNode problem = JSON.readTree(response.body());
    assertThat(problem.get("code").asText()).isEqualTo(code);
    assertThat(problem.get("status").asInt()).isEqualTo(status);
    assertThat(response.body()).doesNotContain("Exception", "dev.lookalike");
  }

  private static HttpResponse<String> send(
      String method, String path, byte[] body, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(service.uri(path))
            .timeout(Duration.ofSeconds(60))
            .method(
                method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return IngestProcess.HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> json(String method, String path, String body)
      throws Exception {
    return send(method, path, body.getBytes(), "Content-Type", "application/json");
  }

  private static HttpResponse<byte[]> bytes(String path) throws Exception {
    return IngestProcess.HTTP.send(
        HttpRequest.newBuilder(service.uri(path)).build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private static ConsumerRecord<byte[], byte[]> imageRecord(ImageVersion version) {
    return all(Topics.images("default00001")).stream()
        .filter(
            record ->
                record.partition() == version.getPartition()
                    && record.offset() == version.getOffset())
        .findFirst()
        .orElseThrow();
  }

  private static List<ConsumerRecord<byte[], byte[]>> all(String topic) {
    List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers(), "auto.offset.reset", "earliest"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        consumer.poll(Duration.ofMillis(200)).forEach(all::add);
      }
    }
    return all;
  }

  private static byte[] picture(int seed) throws Exception {
    BufferedImage image = new BufferedImage(400, 300, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(seed);
    for (int y = 0; y < 300; y += 10) {
      for (int x = 0; x < 400; x += 10) {
        int colour = random.nextInt(1 << 24);
        for (int i = 0; i < 100; i++) {
          image.setRGB(x + i % 10, y + i / 10, colour);
        }
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }

  /** About 30 MB, 10 megapixels. */
  private static byte[] bitmap() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(3300, 3000, BufferedImage.TYPE_3BYTE_BGR), "bmp", bytes);
    return bytes.toByteArray();
  }
}
