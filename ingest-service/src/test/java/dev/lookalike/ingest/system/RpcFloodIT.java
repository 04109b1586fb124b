package dev.lookalike.ingest.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.lookalike.engines.KafkaEngine;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import dev.lookalike.proto.ingest.v1.PatchImageRequest;
import dev.lookalike.proto.ingest.v1.PutImageRequest;
import dev.lookalike.proto.ingest.v1.PutImageResponse;
import dev.lookalike.proto.ingest.v1.PutImagesResponse;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged service with a heap of 96 MiB under more gRPC than it can hold. What is too much is
 * refused with the status that says so, what fits gets through, and the process lives.
 */
@NullUnmarked
class RpcFloodIT {
  private static final String PUT = IngestGrpc.getPutImageMethod().getFullMethodName();
  private static final String PUTS = IngestGrpc.getPutImagesMethod().getFullMethodName();
  private static final String PATCH = IngestGrpc.getPatchImageMethod().getFullMethodName();

  @TempDir static Path directory;
  private static KafkaEngine broker;
  private static FakeSearch search;
  private static IngestProcess service;
  private static ManagedChannel channel;
  private static IngestGrpc.IngestBlockingStub rpc;
  private static byte[] picture;

  /** A PutImageRequest of about 30 MB, 10 megapixels. */
  private static byte[] large;

  @BeforeAll
  static void start() throws Exception {
    search = new FakeSearch();
    broker = KafkaEngine.start(directory.resolve("broker"));
    service =
        IngestProcess.start(
            "-Dlookalike.kafka.bootstrap-servers=" + broker.bootstrapServers(),
            "-Dlookalike.uploads.stall-timeout=2s",
            "-Dlookalike.uploads.read-timeout=6s",
            "-Dlookalike.query.address=" + search.address(),
            "-Dlookalike.blobs.directory=" + directory.resolve("blobs"));
    service.awaitReady();
    channel =
        Grpc.newChannelBuilder("127.0.0.1:" + service.grpcPort, InsecureChannelCredentials.create())
            .build();
    rpc = IngestGrpc.newBlockingStub(channel);
    picture = image(new BufferedImage(400, 300, BufferedImage.TYPE_INT_RGB), "png");
    large =
        request(image(new BufferedImage(3300, 3000, BufferedImage.TYPE_3BYTE_BGR), "bmp"))
            .toByteArray();
  }

  @AfterAll
  static void stop() throws Exception {
    channel.shutdownNow();
    service.close();
    broker.close();
    search.close();
  }

  @Test
  void survivesAFloodOfLargeUploads() throws Exception {
    long before = service.residentMebibytes();
    Map<String, String> answers = new ConcurrentHashMap<>();
    flood(64, PUT, large, RawCall.FRAME, answers);
    System.out.printf(
        "64 uploads of %d bytes over gRPC at -Xmx96m: %s; resident %d MiB before, %d MiB at most%n",
        large.length, counts(answers), before, service.residentMebibytesAtMost());
    assertThat(answers).hasSize(64).containsValue("OK").containsValue("RESOURCE_EXHAUSTED");
    assertThat(answers.values()).allMatch(List.of("OK", "RESOURCE_EXHAUSTED", "RESET")::contains);
    assertThat(answers.values()).filteredOn("RESET"::equals).hasSizeLessThan(16);
    assertStillWell();
  }

  @Test
  void smallUploadsGetThroughWhileLargeOnesPress() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    List<Thread> pressing = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      pressing.add(
          Thread.startVirtualThread(
              () -> {
                while (!over.get()) {
                  flood(1, PUT, large, RawCall.FRAME, new ConcurrentHashMap<>());
                }
              }));
    }
    try {
      int refused = 0;
      for (int done = 0; done < 20; ) {
        try {
          assertThat(put("small-" + done).getImageId()).isEqualTo("small-" + done);
          done++;
        } catch (StatusRuntimeException e) {
          assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
          assertThat(++refused).isLessThan(200);
          Thread.sleep(50);
        }
      }
    } finally {
      over.set(true);
    }
    for (Thread each : pressing) {
      each.join();
    }
    assertStillWell();
  }

  @Test
  void largeUploadsGetThroughOneAfterTheOther() throws Exception {
    for (int i = 0; i < 4; i++) {
      Map<String, String> answers = new ConcurrentHashMap<>();
      flood(1, PUT, large, RawCall.FRAME, answers);
      assertThat(answers).containsValue("OK");
      // The call has ended before its place is free.
      assertStillWell();
    }
  }

  @Test
  void bulkUploadsOfLargeImagesStayBounded() throws Exception {
    Map<String, String> answers = new ConcurrentHashMap<>();
    flood(8, PUTS, large, RawCall.FRAME, answers);
    assertThat(answers.values()).allMatch(List.of("OK", "RESOURCE_EXHAUSTED", "RESET")::contains);
    assertThat(answers).containsValue("OK");
    assertStillWell();
  }

  /** Each byte in a frame of its own costs a hundred times its size. */
  @Test
  void framesOfOneByteCountForWhatTheyCost() throws Exception {
    Map<String, String> answers = new ConcurrentHashMap<>();
    byte[] some = Arrays.copyOf(large, 1 << 20);
    flood(2, PUT, some, 1, answers);
    assertThat(answers.values())
        .allMatch(List.of("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "RESET")::contains);
    assertStillWell();
  }

  @Test
  void otherCallsMayNotBeLarge() throws Exception {
    PatchImageRequest.Builder patch = PatchImageRequest.newBuilder().setImageId("x");
    patch
        .getPatchBuilder()
        .putSet("a", AttributeValue.newBuilder().setString("x".repeat(4 << 20)).build());
    assertThatThrownBy(() -> rpc.patchImage(patch.build()))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT));
    Map<String, String> answers = new ConcurrentHashMap<>();
    flood(32, PATCH, large, RawCall.FRAME, answers);
    assertThat(answers.values()).allMatch(List.of("INVALID_ARGUMENT", "RESET")::contains);
    assertStillWell();
  }

  /** More senders than places, each with a byte now and then: none keeps its place. */
  @Test
  void tricklingSendersLoseTheirPlaces() throws Exception {
    List<RawCall> calls = new ArrayList<>();
    List<String> refusedAtOnce = new CopyOnWriteArrayList<>();
    for (int i = 0; i < 140; i++) {
      RawCall call = new RawCall(service.grpcPort, i % 2 == 0 ? PUT : PUTS);
      calls.add(call);
      call.send(RawCall.prefix(1_000_000), 0, 5, 5);
    }
    AtomicBoolean over = new AtomicBoolean();
    Thread trickle =
        Thread.startVirtualThread(
            () -> {
              while (!over.get()) {
                for (RawCall call : calls) {
                  try {
                    call.send(new byte[1], 0, 1, 1);
                  } catch (Exception e) {
                    refusedAtOnce.add(e.toString());
                  }
                }
                pause(500);
              }
            });
    await()
        .atMost(Duration.ofSeconds(10))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                service
                    .get("/q/metrics")
                    .body()
                    .contains("lookalike_ingest_in_flight_requests 128.0"));
    assertThatThrownBy(() -> put("crowded"))
        .isInstanceOfSatisfying(StatusRuntimeException.class, RpcFloodIT::assertFull);
    // 6 s is all that a message may take.
    await().atMost(Duration.ofSeconds(20)).until(() -> calls.stream().allMatch(RawCall::ended));
    over.set(true);
    trickle.join();
    for (RawCall call : calls) {
      assertThat(call.awaitEnd()).isIn("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED");
      call.close();
    }
    assertThat(refusedAtOnce).isEmpty();
    assertStillWell();
  }

  @Test
  void silentSendersLoseTheirPlaces() throws Exception {
    List<RawCall> calls = new ArrayList<>();
    for (int i = 0; i < 140; i++) {
      calls.add(new RawCall(service.grpcPort, PUT));
    }
    await().atMost(Duration.ofSeconds(20)).until(() -> calls.stream().allMatch(RawCall::ended));
    for (RawCall call : calls) {
      call.close();
    }
    assertStillWell();
  }

  /** Streams that are open and idle are no uploads: nobody has to wait for them. */
  @Test
  void idleBulkStreamsKeepNobodyOut() throws Exception {
    List<RawCall> idle = new ArrayList<>();
    for (int i = 0; i < 140; i++) {
      idle.add(new RawCall(service.grpcPort, PUTS));
    }
    assertStillWell();
    assertThat(idle.getFirst().ended()).isFalse();
    for (RawCall call : idle) {
      call.close();
    }
  }

  @Test
  void saysAtOnceThatItIsFullAndWhenToComeAgain() throws Exception {
    List<Socket> holders = new ArrayList<>();
    try {
      for (int bytes : new int[] {32 << 20, 3 << 20, 1 << 20, 1 << 19, 1 << 18, 1 << 18}) {
        Socket holder = new Socket("127.0.0.1", service.httpPort);
        OutputStream out = holder.getOutputStream();
        out.write(
            "PUT /v1/collections/default/images/held HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                .formatted(bytes)
                .getBytes());
        holders.add(holder);
      }
      await().atMost(Duration.ofSeconds(10)).until(() -> inFlightBytes() > 35 << 20);
      assertThatThrownBy(() -> put("full"))
          .isInstanceOfSatisfying(StatusRuntimeException.class, RpcFloodIT::assertFull);
      assertThat(inFlightBytes()).as("the answer waited for nobody").isGreaterThan(35 << 20);
    } finally {
      for (Socket holder : holders) {
        holder.close();
      }
    }
    assertStillWell();
  }

  /** Compressed messages are counted as what they become. */
  @Test
  void compressedUploadsAreCountedAsWhatTheyBecome() throws Exception {
    PutImageRequest good = request(picture).toBuilder().setImageId("zipped").build();
    assertThat(rpc.withCompression("gzip").putImage(good).getImageId()).isEqualTo("zipped");
    PutImageRequest zeros =
        PutImageRequest.newBuilder().setImage(ByteString.copyFrom(new byte[32 << 20])).build();
    List<CompletableFuture<Status.Code>> answers = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      answers.add(
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  rpc.withCompression("gzip").putImage(zeros);
                  return Status.Code.OK;
                } catch (StatusRuntimeException e) {
                  return e.getStatus().getCode();
                }
              }));
    }
    for (CompletableFuture<Status.Code> answer : answers) {
      assertThat(answer.get(60, TimeUnit.SECONDS))
          .isIn(Status.Code.INVALID_ARGUMENT, Status.Code.RESOURCE_EXHAUSTED);
    }
    assertStillWell();
  }

  @Test
  void whatIsNoRequestIsRefused() throws Exception {
    byte[] nonsense = {(byte) 0x1a, (byte) 0xff, (byte) 0xff, 3, 1, 2, 3};
    Map<String, String> answers = new ConcurrentHashMap<>();
    flood(1, PUT, nonsense, RawCall.FRAME, answers);
    flood(1, PUTS, nonsense, RawCall.FRAME, answers);
    assertThat(answers.values()).containsOnly("INVALID_ARGUMENT");
    assertStillWell();
  }

  @Test
  void aBulkOfManySmallImagesGetsThroughWhole() throws Exception {
    List<PutImagesResponse> responses = new CopyOnWriteArrayList<>();
    CompletableFuture<Void> done = new CompletableFuture<>();
    StreamObserver<PutImageRequest> requests =
        IngestGrpc.newStub(channel)
            .putImages(
                new StreamObserver<>() {
                  @Override
                  public void onNext(PutImagesResponse response) {
                    responses.add(response);
                  }

                  @Override
                  public void onError(Throwable t) {
                    done.completeExceptionally(t);
                  }

                  @Override
                  public void onCompleted() {
                    done.complete(null);
                  }
                });
    for (int i = 0; i < 200; i++) {
      requests.onNext(request(picture).toBuilder().setImageId("bulk-" + i).build());
    }
    requests.onCompleted();
    done.get(60, TimeUnit.SECONDS);
    assertThat(responses).hasSize(200).allMatch(PutImagesResponse::hasAccepted);
  }

  /** Nothing is held, and a good upload gets through. */
  private static void assertStillWell() {
    await().atMost(Duration.ofSeconds(30)).until(() -> inFlightBytes() == 0);
    assertThat(service.alive()).isTrue();
    assertThat(put("well").getImageId()).isEqualTo("well");
  }

  private static double inFlightBytes() throws Exception {
    return service
        .get("/q/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("lookalike_ingest_in_flight_bytes"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
        .sum();
  }

  private static PutImageResponse put(String id) {
    return rpc.withDeadlineAfter(60, TimeUnit.SECONDS)
        .putImage(request(picture).toBuilder().setImageId(id).build());
  }

  private static void assertFull(StatusRuntimeException e) {
    assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    com.google.rpc.Status status = StatusProto.fromThrowable(e);
    assertThat(status.getDetailsList()).hasSize(2);
    try {
      assertThat(status.getDetails(0).unpack(ErrorInfo.class).getReason()).isEqualTo("FULL");
      assertThat(status.getDetails(1).unpack(RetryInfo.class).getRetryDelay().getSeconds())
          .isEqualTo(1);
    } catch (com.google.protobuf.InvalidProtocolBufferException impossible) {
      throw new AssertionError(impossible);
    }
  }

  private static PutImageRequest request(byte[] image) {
    return PutImageRequest.newBuilder().setImage(ByteString.copyFrom(image)).build();
  }

  /** Sends one message in each of so many calls at once, and waits for the answers. */
  private static void flood(
      int calls, String method, byte[] message, int frameBytes, Map<String, String> answers) {
    List<Thread> senders = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      String name = method + "-" + i;
      senders.add(
          Thread.startVirtualThread(
              () -> {
                try (RawCall call = new RawCall(service.grpcPort, method)) {
                  boolean open =
                      call.send(RawCall.prefix(message.length), 0, 5, 5)
                          && call.send(message, 0, message.length, frameBytes);
                  if (open) {
                    try {
                      call.halfClose();
                    } catch (java.io.IOException refusedMeanwhile) {
                      // The answer says how.
                    }
                  }
                  answers.put(name, call.awaitEnd());
                } catch (Exception e) {
                  answers.put(name, e.toString());
                }
              }));
    }
    for (Thread sender : senders) {
      try {
        assertThat(sender.join(Duration.ofSeconds(120))).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static Map<String, Long> counts(Map<String, String> answers) {
    return answers.values().stream()
        .collect(Collectors.groupingBy(answer -> answer, Collectors.counting()));
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static byte[] image(BufferedImage image, String format) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, format, bytes);
    return bytes.toByteArray();
  }
}
