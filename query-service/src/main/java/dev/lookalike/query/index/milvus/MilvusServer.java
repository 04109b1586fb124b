package dev.lookalike.query.index.milvus;

import dev.lookalike.query.index.IndexException;
import io.milvus.v2.client.ConnectConfig;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.client.RetryConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The connection of this process to Milvus, shared by all indexes. Connects by itself, and again
 * when needed, and checks once a second whether the server answers: while it does not, every call
 * fails at once.
 *
 * <p>Concurrency: {@code client} is set by the watching thread only; calls may come from any.
 */
public final class MilvusServer implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(MilvusServer.class);
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private static final int KNOCK_MILLIS = 2000;

  private static final Duration FIRST_BACK_OFF = Duration.ofMillis(50);
  private static final Duration LAST_BACK_OFF = Duration.ofMillis(500);
  private static final int MAX_TRIES = 20;

  private static final Pattern VERSION = Pattern.compile("v?(\\d+)\\.(\\d+)");

  private final MilvusOptions options;
  private final Thread thread;
  private volatile @Nullable MilvusClientV2 client;
  private volatile String version = "";
  private volatile String trouble = "not connected yet";
  private volatile long answered = System.nanoTime();
  private volatile boolean closed;

  /** Begins to connect. */
  public MilvusServer(MilvusOptions options) {
    this.options = options;
    this.thread = Thread.ofPlatform().name("milvus-watch").daemon().unstarted(this::watch);
    this.thread.start();
  }

  MilvusOptions options() {
    return options;
  }

  /** Whether it answered when it was last asked. */
  public boolean reachable() {
    // An answer may take as long as a call.
    return trouble.isEmpty()
        && System.nanoTime() - answered
            < options.callTimeout().plus(INTERVAL.multipliedBy(2)).toNanos();
  }

  /** Why it is not {@link #reachable}, for people; empty if it is. */
  public Optional<String> away() {
    return reachable() ? Optional.empty() : Optional.of(silence());
  }

  private String silence() {
    String why = firstLine(trouble);
    return "Milvus at %s does not answer%s"
        .formatted(options.uri(), why.isEmpty() ? "" : ": " + why);
  }

  /** The version, as the server states it; empty before it has answered. */
  public String version() {
    return version;
  }

  /** Whether a condition on the partition key finds all rows: 2.3 loses upserted ones. */
  boolean findsByPartitionKey() {
    return isAtLeast(2, 4);
  }

  /** Whether arrays can have an index. */
  boolean indexesArrays() {
    return isAtLeast(2, 4) && !version.contains("lite");
  }

  private boolean isAtLeast(int major, int minor) {
    Matcher matcher = VERSION.matcher(version);
    if (!matcher.find()) {
      return false;
    }
    int order = Integer.compare(Integer.parseInt(matcher.group(1)), major);
    return order > 0 || (order == 0 && Integer.parseInt(matcher.group(2)) >= minor);
  }

  /**
   * Asks the server.
   *
   * @param what is done, for messages
   * @throws IndexException UNAVAILABLE whatever fails; at once while the server is away
   */
  <T> T ask(String what, Function<MilvusClientV2, T> call) {
    MilvusClientV2 connected = client;
    if (closed || connected == null || !reachable()) {
      throw new IndexException(
          IndexException.Kind.UNAVAILABLE, closed ? "The connection is closed" : silence());
    }
    long start = System.nanoTime();
    try {
      return call.apply(connected);
    } catch (RuntimeException e) {
      throw new IndexException(
          IndexException.Kind.UNAVAILABLE, "Milvus: " + what + ": " + e.getMessage(), e);
    } finally {
      LOG.debugf("%s: %d us", what, (System.nanoTime() - start) / 1000);
    }
  }

  /** As {@link #ask}, for calls without an answer. */
  void tell(String what, Consumer<MilvusClientV2> call) {
    ask(
        what,
        connected -> {
          call.accept(connected);
          return true;
        });
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    MilvusClientV2 connected = client;
    client = null;
    if (connected != null) {
      connected.close();
    }
  }

  private void watch() {
    boolean said = false;
    while (!closed) {
      try {
        MilvusClientV2 connected = client;
        if (connected == null) {
          connected = connect();
          client = connected;
        }
        knock();
        version = connected.getServerVersion();
        answered = System.nanoTime();
        if (!trouble.isEmpty()) {
          LOG.infof("Milvus %s at %s answers", version, options.uri());
        }
        trouble = "";
        said = false;
      } catch (RuntimeException | IOException e) {
        trouble = String.valueOf(e.getMessage());
        if (!said && !closed) {
          LOG.warn(silence());
          said = true;
        }
      }
      try {
        Thread.sleep(INTERVAL);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Checks that something listens: a call would wait for that until its deadline. */
  private void knock() throws IOException {
    URI address = URI.create(options.uri());
    int port = address.getPort();
    if (address.getHost() == null || port < 0) {
      return;
    }
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address.getHost(), port), KNOCK_MILLIS);
    }
  }

  private MilvusClientV2 connect() {
    MilvusOptions.Access access = options.access();
    ConnectConfig.ConnectConfigBuilder config =
        ConnectConfig.builder()
            .uri(options.uri())
            .connectTimeoutMs(Math.min(2000, options.callTimeout().toMillis()))
            .rpcDeadlineMs(options.callTimeout().toMillis());
    access.token().ifPresent(config::token);
    access.username().ifPresent(config::username);
    access.password().ifPresent(config::password);
    access.database().ifPresent(config::dbName);
    if (access.certFile().isPresent() && access.keyFile().isPresent()) {
      access.caFile().ifPresent(file -> config.secure(true).caPemPath(file));
      config.clientPemPath(access.certFile().get()).clientKeyPath(access.keyFile().get());
    } else {
      // The SDK looks at the CA only beside a certificate of ours; without one it trusts this, and
      // wants to be told whose certificate it expects.
      access
          .caFile()
          .ifPresent(
              file ->
                  config
                      .secure(true)
                      .serverPemPath(file)
                      .serverName(URI.create(options.uri()).getHost()));
    }
    access.serverName().ifPresent(config::serverName);
    MilvusClientV2 made = new MilvusClientV2(config.build());
    made.retryConfig(
        RetryConfig.builder()
            .maxRetryTimes(MAX_TRIES)
            .initialBackOffMs(FIRST_BACK_OFF.toMillis())
            .maxBackOffMs(LAST_BACK_OFF.toMillis())
            .maxRetryTimeoutMs(options.retryTimeout().toMillis())
            .build());
    return made;
  }

  private static String firstLine(String message) {
    return message.lines().findFirst().orElse("");
  }
}
