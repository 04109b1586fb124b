package dev.lookalike.query.log;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;

/** Tells whether the broker answers, and where its topics end. Asks once a second. */
public final class Broker implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private final Admin admin;
  private final Thread thread;
  private volatile boolean reachable;
  private volatile Optional<String> refusal = Optional.empty();
  private volatile boolean closed;

  public Broker(Map<String, Object> kafka) {
    Map<String, Object> settings = new HashMap<>();
    settings.put(AdminClientConfig.CLIENT_ID_CONFIG, "lookalike-query-watch");
    settings.put(AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 500);
    settings.putAll(kafka);
    settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) TIMEOUT.toMillis());
    settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) TIMEOUT.toMillis());
    this.admin = Admin.create(settings);
    this.thread = Thread.ofPlatform().name("broker-watch").daemon().unstarted(this::watch);
    this.thread.start();
  }

  /** Whether it answered when it was last asked. */
  public boolean reachable() {
    return reachable;
  }

  /** Why it lets nobody in, in its words; empty when it does, or is not there. */
  public Optional<String> refusal() {
    return refusal;
  }

  /**
   * The next offset of each partition of a topic.
   *
   * @return empty if the broker does not tell in time
   */
  public Optional<Map<Integer, Long>> ends(String topic, int partitions) {
    Map<TopicPartition, OffsetSpec> wanted =
        IntStream.range(0, partitions)
            .mapToObj(partition -> new TopicPartition(topic, partition))
            .collect(Collectors.toMap(Function.identity(), partition -> OffsetSpec.latest()));
    Optional<Map<TopicPartition, ListOffsetsResultInfo>> told =
        answer(admin.listOffsets(wanted).all());
    return told.map(
        ends ->
            ends.entrySet().stream()
                .collect(
                    Collectors.toMap(
                        end -> end.getKey().partition(), end -> end.getValue().offset())));
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    admin.close(Duration.ofSeconds(1));
  }

  private void watch() {
    while (!closed) {
      reachable = answer(admin.describeCluster().nodes()).map(List::copyOf).isPresent();
      try {
        Thread.sleep(INTERVAL);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private <T> Optional<T> answer(KafkaFuture<T> future) {
    try {
      Optional<T> told = Optional.of(future.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS));
      refusal = Optional.empty();
      return told;
    } catch (ExecutionException | TimeoutException | KafkaException e) {
      Throwable cause = e.getCause();
      refusal =
          cause instanceof AuthenticationException || cause instanceof AuthorizationException
              ? Optional.of(String.valueOf(cause.getMessage()))
              : Optional.empty();
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
