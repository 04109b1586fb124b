package dev.lookalike.service.admission;

import io.grpc.MethodDescriptor;
import io.quarkus.runtime.configuration.MemorySize;
import java.time.Duration;
import java.util.Optional;

/**
 * The policy of a service that answers each request from what it brought: room for all of it, from
 * its first byte to its answer.
 *
 * @param maxBytes see {@link RequestSettings#maxBytes}
 * @param body bytes of a body, at most
 * @param message bytes of a gRPC message, at most
 */
public record RequestPolicy(
    long maxBytes, long body, long message, Duration readTimeout, Duration stallTimeout)
    implements AdmissionPolicy {
  /** A request is held as it came and once parsed. */
  private static final int FACTOR = 2;

  /** What comes with every request needs no place. */
  static final long FREE = 64 << 10;

  /** What frames cost beside their bytes, in the worst case that is let in. */
  private static final long FRAMES = 8;

  public static RequestPolicy of(RequestSettings settings, long body, long message) {
    return new RequestPolicy(
        settings
            .maxBytes()
            .map(MemorySize::asLongValue)
            .orElse(Runtime.getRuntime().maxMemory() / 2),
        body,
        message,
        settings.readTimeout(),
        settings.stallTimeout());
  }

  @Override
  public int maxRequests() {
    return Integer.MAX_VALUE;
  }

  @Override
  public long largest() {
    return FACTOR * (Math.max(body, message) + Math.max(body, message) / FRAMES);
  }

  @Override
  public int factor() {
    return FACTOR;
  }

  @Override
  public String full() {
    return "as many requests as this service holds are in work; try again soon";
  }

  @Override
  public Optional<Long> largestBody() {
    return Optional.of(body);
  }

  @Override
  public boolean takesCompressed(MethodDescriptor<?, ?> method) {
    return false;
  }

  @Override
  public Optional<MessageLimit> limit(MethodDescriptor<?, ?> method) {
    return Optional.of(new MessageLimit(FREE, message + message / FRAMES));
  }
}
