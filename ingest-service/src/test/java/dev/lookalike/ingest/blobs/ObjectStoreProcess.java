package dev.lookalike.ingest.blobs;

import dev.lookalike.broker.FreePorts;
import dev.lookalike.engines.EngineFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * A real S3 server: the one that the environment names ({@code LOOKALIKE_S3_ENDPOINT}, {@code
 * LOOKALIKE_S3_BUCKET}, {@code LOOKALIKE_S3_ACCESS_KEY_ID}, {@code
 * LOOKALIKE_S3_SECRET_ACCESS_KEY}), else a versitygw that {@code scripts/engines} installed, as a
 * child on loopback. Without either the test is skipped, and fails where {@code CI=true}.
 */
public final class ObjectStoreProcess implements AutoCloseable {
  private static final String VERSION = "1.8.0";

  /** For the given server all but the prefix comes from the environment. */
  public static final String ACCESS_KEY_ID = env("LOOKALIKE_S3_ACCESS_KEY_ID").orElse("testing");

  public static final String SECRET_ACCESS_KEY =
      env("LOOKALIKE_S3_SECRET_ACCESS_KEY").orElse("only-for-tests");

  public static final String BUCKET = env("LOOKALIKE_S3_BUCKET").orElse("originals");

  private final URI endpoint;
  private final Optional<Path> directory;
  private @Nullable Process process;

  private ObjectStoreProcess(URI endpoint, Optional<Path> directory) {
    this.endpoint = endpoint;
    this.directory = directory;
  }

  /**
   * Starts one, with the bucket, or takes the given one.
   *
   * @param directory of its data
   */
  public static ObjectStoreProcess start(Path directory) throws Exception {
    Optional<String> given = env("LOOKALIKE_S3_ENDPOINT");
    if (given.isPresent()) {
      return new ObjectStoreProcess(URI.create(given.get()), Optional.empty());
    }
    if (!Files.isExecutable(binary())) {
      String missing = "no S3 server: run scripts/engines versitygw, or set LOOKALIKE_S3_ENDPOINT";
      if (Boolean.parseBoolean(System.getenv("CI"))) {
        throw new AssertionError(missing);
      }
      Assumptions.abort(missing);
    }
    // A folder of the first level is a bucket.
    Files.createDirectories(directory.resolve("data").resolve(BUCKET));
    Files.createDirectories(directory.resolve("metadata"));
    ObjectStoreProcess store =
        new ObjectStoreProcess(
            URI.create("http://127.0.0.1:" + FreePorts.next()), Optional.of(directory));
    store.restart();
    return store;
  }

  private static Path binary() {
    return EngineFolder.path().resolve("versitygw-" + VERSION + "/versitygw");
  }

  private static Optional<String> env(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isEmpty());
  }

  public URI endpoint() {
    return endpoint;
  }

  /** Whether it is a child, which can be killed and looked into. */
  public boolean isOwn() {
    return directory.isPresent();
  }

  /** The file that holds an object of a child. */
  public Path file(String object) {
    return directory.orElseThrow().resolve("data").resolve(BUCKET).resolve(object);
  }

  /** Starts it again on the same data and port; returns when it listens. */
  public void restart() throws Exception {
    Path home = directory.orElseThrow();
    ProcessBuilder builder =
        new ProcessBuilder(
                List.of(
                    binary().toString(),
                    "--quiet",
                    "--port",
                    "127.0.0.1:" + endpoint.getPort(),
                    "posix",
                    "--sidecar",
                    home.resolve("metadata").toString(),
                    home.resolve("data").toString()))
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("log").toFile());
    builder
        .environment()
        .putAll(Map.of("ROOT_ACCESS_KEY", ACCESS_KEY_ID, "ROOT_SECRET_KEY", SECRET_ACCESS_KEY));
    Process started = builder.start();
    process = started;
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!listens()) {
      if (!started.isAlive() || System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "versitygw does not start: " + Files.readString(home.resolve("log")));
      }
      Thread.sleep(20);
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket("127.0.0.1", endpoint.getPort())) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /** SIGKILL; returns when it is gone. */
  public void kill() {
    Process running = process;
    if (running == null) {
      return;
    }
    running.destroyForcibly();
    try {
      if (!running.waitFor(10, TimeUnit.SECONDS)) {
        throw new UncheckedIOException(new IOException("versitygw does not die"));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    kill();
  }
}
