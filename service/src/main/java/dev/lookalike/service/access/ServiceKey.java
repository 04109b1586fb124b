package dev.lookalike.service.access;

import dev.lookalike.access.KeyText;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jboss.logging.Logger;

/** The key that this service sends to the others. Thread-safe. */
@Singleton
public class ServiceKey implements ClientInterceptor {
  private static final Logger LOG = Logger.getLogger(ServiceKey.class);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final Optional<Path> file;
  private final Duration reloadEvery;
  private Optional<KeyText> key;
  private long readAt;

  private ServiceKey() {
    this.file = Optional.empty();
    this.reloadEvery = Duration.ZERO;
    this.key = Optional.empty();
  }

  /** Sends no key. */
  public static ServiceKey none() {
    return new ServiceKey();
  }

  /**
   * @throws IllegalStateException if the configured text is not a key
   */
  @Inject
  public ServiceKey(AccessSettings settings) {
    this.file = settings.serviceKeyFile();
    this.reloadEvery = settings.reloadEvery();
    this.key = settings.serviceKey().map(text -> require("lookalike.access.service-key", text));
    file.ifPresent(
        path ->
            key = Optional.of(require("lookalike.access.service-key-file", read(path).orElse(""))));
    this.readAt = System.nanoTime();
  }

  private static KeyText require(String setting, String text) {
    return KeyText.read(text.strip())
        .orElseThrow(() -> new IllegalStateException(setting + " holds no key"));
  }

  private static Optional<String> read(Path path) {
    try {
      return Optional.of(Files.readString(path));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private synchronized Optional<KeyText> key() {
    if (file.isPresent() && System.nanoTime() - readAt > reloadEvery.toNanos()) {
      readAt = System.nanoTime();
      Optional<KeyText> now = read(file.get()).flatMap(text -> KeyText.read(text.strip()));
      if (now.isEmpty()) {
        LOG.warnf("%s no longer holds a key; using the last valid one", file.get());
      } else {
        key = now;
      }
    }
    return key;
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        key().ifPresent(text -> headers.put(AUTHORIZATION, "Bearer " + text.secret()));
        super.start(listener, headers);
      }
    };
  }
}
