package dev.lookalike.service.admission;

import io.grpc.MethodDescriptor;
import io.quarkus.runtime.configuration.MemorySize;
import java.time.Duration;
import java.util.Optional;

/**
 * The policy of a service that answers each request from its content: reserves memory for all of
 * it, from the first byte to the answer.
 *
 * @param maxBytes see {@link RequestSettings#maxBytes}
 * @param largestBody largest number of bytes of a body or message
 */
public record RequestPolicy(
    long maxBytes, long largestBody, Duration readTimeout, Duration stallTimeout)
    implements AdmissionPolicy {
  /** Small requests need no reservation. */
  static final long FREE = 64 << 10;

  /** A request is held twice: as received and as parsed. */
  private static final int FACTOR = 2;

  /** Share of a message (1/8) allowed for the overhead of frames. */
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
    return "this service is processing as many requests as it can hold; try again soon";
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
