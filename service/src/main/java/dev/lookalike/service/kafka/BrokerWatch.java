package dev.lookalike.service.kafka;

import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Checks whether the broker answers, in its own thread. Thread-safe. */
public final class BrokerWatch implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(BrokerWatch.class);

  /** Time between checks while there is trouble. */
  private static final Duration SOON = Duration.ofMillis(100);

  private final KafkaAdmin admin;
  private final String bootstrapServers;
  private final Duration every;
  private volatile Optional<String> trouble = Optional.of("the broker has not been checked yet");
  private volatile boolean closed;
  private @Nullable Thread thread;

  /**
   * @param every time between checks while there is no trouble
   */
  public BrokerWatch(KafkaAdmin admin, ClientSettings settings, Duration every) {
    this.admin = admin;
    this.bootstrapServers = settings.bootstrapServers();
    this.every = every;
  }

  /**
   * Starts checking; call once.
   *
   * @param whenThere called on the watching thread after each answer of the broker; an exception
   *     from it is trouble until the next check
   */
  public void start(Runnable whenThere) {
    thread = Thread.ofPlatform().name("broker-watch").daemon().start(() -> keepAsking(whenThere));
  }

  /** Why the broker cannot be used; empty when it can. */
  public Optional<String> trouble() {
    return trouble;
  }

  private void keepAsking(Runnable whenThere) {
    while (!closed) {
      Optional<String> now = ask(whenThere);
      if (!now.equals(trouble)) {
        now.ifPresentOrElse(
            reason -> LOG.warnf("broker %s: %s", bootstrapServers, reason),
            () -> LOG.infof("broker %s is reachable", bootstrapServers));
        trouble = now;
      }
      try {
        Thread.sleep(now.isPresent() ? SOON : every);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private Optional<String> ask(Runnable whenThere) {
    try {
      admin.probe();
      whenThere.run();
      return Optional.empty();
    } catch (RefusedException e) {
      return Optional.of(e.detail());
    } catch (AuthenticationException | AuthorizationException e) {
      return Optional.of(
          "the broker refuses this service: %s (docs/kafka.md lists what it needs)"
              .formatted(e.getMessage()));
    } catch (org.apache.kafka.common.errors.TimeoutException e) {
      LOG.debug("broker watch", e);
      return Optional.of("the broker does not answer");
    } catch (RuntimeException | Error e) {
      LOG.debug("broker watch", e);
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void close() {
    closed = true;
    Thread watching = thread;
    if (watching != null) {
      watching.interrupt();
    }
  }
}
