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
 * @param largestBody bytes of one body or message, at most
 */
public record RequestPolicy(
    long maxBytes, long largestBody, Duration readTimeout, Duration stallTimeout)
    implements AdmissionPolicy {
  /** What comes with every request needs no place. */
  static final long FREE = 64 << 10;

  /** A request is held as it came and once parsed. */
  private static final int FACTOR = 2;

  /** What frames may cost beside their bytes: an eighth. */
  private static final long FRAMES = 8;

  public static RequestPolicy of(RequestSettings settings) {
    return new RequestPolicy(
        settings
            .maxBytes()
            .map(MemorySize::asLongValue)
            .orElse(Runtime.getRuntime().maxMemory() / 2),
        settings.maxRequestBytes().asLongValue(),
        settings.readTimeout(),
        settings.stallTimeout());
  }

  @Override
  public int maxRequests() {
    return Integer.MAX_VALUE;
  }

  @Override
  public long largest() {
    return FACTOR * largestMessage();
  }

  private long largestMessage() {
    return largestBody + largestBody / FRAMES;
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
  public boolean admitsBodies() {
    return true;
  }

  @Override
  public boolean takesCompressed(MethodDescriptor<?, ?> method) {
    return false;
  }

  @Override
  public Optional<MessageLimit> limit(MethodDescriptor<?, ?> method) {
    return Optional.of(new MessageLimit(FREE, largestMessage()));
  }
}
