package dev.lookalike.ingest.blobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a real S3 server, each test under a prefix of its own. */
@NullUnmarked
class S3BlobStoreIT extends BlobStoreContract {
  @TempDir static Path directory;
  private static ObjectStoreProcess server;

  private final String prefix = "test-" + UUID.randomUUID() + "/";
  private final List<BlobStore> opened = new ArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    server = ObjectStoreProcess.start(directory);
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @AfterEach
  void close() throws Exception {
    for (BlobStore store : opened) {
      if (!server.isOwn()) {
        store.deleteCollection("collection1");
        store.deleteCollection("collection2");
      }
      store.close();
      store.close();
    }
  }

  @Override
  BlobStore open() {
    return open(Map.of());
  }

  @Override
  Duration resolution() {
    return Duration.ofSeconds(1);
  }

  private BlobStore open(Map<String, String> settings) {
    BlobStore store = S3BlobStore.open(settings(server.endpoint(), prefix, settings));
    opened.add(store);
    return store;
  }

  private static S3Settings settings(URI endpoint, String prefix, Map<String, String> others) {
    Map<String, String> all = new HashMap<>();
    all.put("lookalike.blobs.s3.endpoint", endpoint.toString());
    all.put("lookalike.blobs.s3.path-style", "true");
    all.put("lookalike.blobs.s3.bucket", ObjectStoreProcess.BUCKET);
    all.put("lookalike.blobs.s3.prefix", prefix);
    all.put("lookalike.blobs.s3.access-key-id", ObjectStoreProcess.ACCESS_KEY_ID);
    all.put("lookalike.blobs.s3.secret-access-key", ObjectStoreProcess.SECRET_ACCESS_KEY);
    all.putAll(others);
    return new SmallRyeConfigBuilder()
        .addDiscoveredConverters()
        .withSources(new PropertiesConfigSource(all, "test", 500))
        .withMapping(S3Settings.class)
        .build()
        .getConfigMapping(S3Settings.class);
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  @Test
  void sendsWhatIsLargeInParts() throws Exception {
    byte[] large = random((12 << 20) + 17);
    BlobKey key = key("large", large);
    BlobStore store =
        open(
            Map.of(
                "lookalike.blobs.s3.multipart-above", "5M", "lookalike.blobs.s3.part-size", "5M"));
    store.put(key, "large", large);
    store.put(key, "large", large);
    try (InputStream bytes = store.open(key).orElseThrow().bytes()) {
      assertThat(bytes.readAllBytes()).isEqualTo(large);
    }
    assertThat(list(store)).extracting(BlobStore.Stored::imageId).containsExactly("large");
  }

  @Test
  void refusesBytesThatAreNotThoseOfTheKey() throws Exception {
    BlobStore store = open();
    BlobKey key = key("a", random(100));
    assertThatThrownBy(() -> store.put(key, "a", random(101))).isInstanceOf(IOException.class);
    assertThat(store.open(key)).isEmpty();
  }

  @Test
  void manyThatPutTheSameAllHaveIt() throws Exception {
    byte[] content = random(1000);
    BlobKey key = key("raced", content);
    BlobStore store = open();
    try (ExecutorService racers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Boolean>> puts = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        puts.add(
            () -> {
              store.put(key, "raced", content);
              return store.open(key).isPresent();
            });
      }
      for (Future<Boolean> each : racers.invokeAll(puts)) {
        assertThat(each.get()).isTrue();
      }
    }
    assertThat(list(store)).hasSize(1);
  }

  @Test
  void listsAndDeletesMoreThanOnePage() throws Exception {
    int images = 12;
    BlobStore store = S3BlobStore.open(settings(server.endpoint(), prefix, Map.of()), 5);
    opened.add(store);
    for (int i = 0; i < images; i++) {
      store.put(key("image" + i, new byte[] {1}), "image" + i, new byte[] {1});
    }
    assertThat(list(store))
        .extracting(BlobStore.Stored::imageId)
        .hasSize(images)
        .doesNotHaveDuplicates();
    store.list(Instant.EPOCH, blob -> assertThat(blob).isNull());
    store.deleteCollection("collection1");
    assertThat(list(store)).isEmpty();
  }

  @Test
  void aStoreThatIsAwayOrRefusesIsAnIoExceptionThatSaysWhy() throws Exception {
    assertThatThrownBy(() -> open(Map.of("lookalike.blobs.s3.bucket", "elsewhere")).check())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("bucket elsewhere");
    BlobStore stranger = open(Map.of("lookalike.blobs.s3.secret-access-key", "wrong"));
    assertThatThrownBy(stranger::check)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("signature")
        .hasMessageNotContaining("wrong");
    assertThatThrownBy(() -> stranger.put(key("a", random(3)), "a", random(3)))
        .isInstanceOf(IOException.class);
    org.junit.jupiter.api.Assumptions.assumeTrue(server.isOwn());
    BlobStore store = open();
    byte[] content = random(10);
    BlobKey key = key("a", content);
    store.put(key, "a", content);
    server.kill();
    try {
      assertThatThrownBy(store::check)
          .isInstanceOf(IOException.class)
          .hasMessageContaining(server.endpoint().toString());
      assertThatThrownBy(() -> store.put(key, "a", content)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> store.open(key)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> list(store)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> store.deleteCollection("collection1"))
          .isInstanceOf(IOException.class);
    } finally {
      server.restart();
    }
    store.check();
    assertThat(store.open(key)).isPresent();
  }

  @Test
  void damageInTheStoreIsFoundBeforeTheLastByte() throws Exception {
    org.junit.jupiter.api.Assumptions.assumeTrue(server.isOwn());
    byte[] content = random(100_000);
    BlobKey key = key("a", content);
    BlobStore store = open();
    store.put(key, "a", content);
    byte[] damaged = content.clone();
    damaged[500] ^= 1;
    Files.write(server.file(prefix + key.text()), damaged, StandardOpenOption.WRITE);
    BlobStore.Opened blob = store.open(key).orElseThrow();
    try (InputStream bytes = blob.bytes()) {
      assertThatThrownBy(bytes::readAllBytes)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("damaged");
    }
  }

  @Test
  void aServerThatFailsIsTriedAgainAndOneThatHangsIsGivenUp() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    try (ServerSocket failing =
            answering(calls, "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n");
        BlobStore store = S3BlobStore.open(settings(address(failing), "", Map.of()))) {
      assertThatThrownBy(() -> store.put(key("a", random(3)), "a", random(3)))
          .isInstanceOf(IOException.class);
      assertThat(calls).hasValue(3);
    }
    // Three silences fit into the call, and then not: the call ends all the same.
    assertThat(callsOfAHangingServer("200ms", "10s")).isEqualTo(3);
    assertThat(callsOfAHangingServer("10s", "500ms")).isEqualTo(1);
  }

  private static int callsOfAHangingServer(String attemptTimeout, String timeout) throws Exception {
    AtomicInteger calls = new AtomicInteger();
    Map<String, String> impatient =
        Map.of(
            "lookalike.blobs.s3.attempt-timeout",
            attemptTimeout,
            "lookalike.blobs.s3.timeout",
            timeout);
    try (ServerSocket silent = answering(calls, "");
        BlobStore store = S3BlobStore.open(settings(address(silent), "", impatient))) {
      assertThatThrownBy(() -> store.put(key("a", random(3)), "a", random(3)))
          .isInstanceOf(IOException.class);
    }
    return calls.get();
  }

  private static URI address(ServerSocket socket) {
    return URI.create("http://127.0.0.1:" + socket.getLocalPort());
  }

  /** Answers each connection with the same, or leaves it waiting, until it is closed. */
  private static ServerSocket answering(AtomicInteger calls, String answer) throws IOException {
    ServerSocket listening = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    Thread.ofVirtual()
        .start(
            () -> {
              List<Socket> waiting = new ArrayList<>();
              try {
                while (true) {
                  Socket socket = listening.accept();
                  calls.incrementAndGet();
                  if (answer.isEmpty()) {
                    waiting.add(socket);
                    continue;
                  }
                  try (socket) {
                    var unused = socket.getInputStream().read(new byte[1 << 16]);
                    socket.getOutputStream().write(answer.getBytes());
                  }
                }
              } catch (IOException e) {
                waiting.clear();
              }
            });
    return listening;
  }

  @Test
  void saysWhichSettingsDoNotFitTogether() {
    assertThatThrownBy(
            () ->
                S3BlobStore.open(
                    settings(server.endpoint(), "", Map.of("lookalike.blobs.s3.part-size", "1M"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("part-size");
  }
}
