package dev.lookalike.ingest.uploads;

import dev.lookalike.ingest.metrics.IngestMetrics;
import dev.lookalike.ingest.metrics.IngestMetrics.Operation;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import dev.lookalike.service.admission.AdmissionPolicy;
import dev.lookalike.service.error.RefusedException;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.Optional;

/**
 * How uploads are let in: each holds a place from its first byte until it is answered. Over HTTP
 * the resources take the places; bulk uploads take one for each message.
 */
public final class UploadPolicy implements AdmissionPolicy {
  /** What a request may carry beside its image: attributes, labels, boundaries of a form. */
  public static final long OVERHEAD_BYTES = 1 << 20;

  /** A call that is no upload needs no place up to this many bytes. */
  private static final long FREE = 64 << 10;

  /** Of any body, a classifier's JSON among them; what it may have is looked at once it is read. */
  private static final long LARGEST_BODY = 1L << 30;

  private final UploadSettings settings;
  private final IngestMetrics metrics;
  private final long maxBytes;

  /**
   * @throws IllegalArgumentException if not even one upload of the largest size would fit
   */
  public UploadPolicy(UploadSettings settings, IngestMetrics metrics) {
    this.settings = settings;
    this.metrics = metrics;
    this.maxBytes =
        settings
            .maxBytes()
            .map(size -> size.asLongValue())
            .orElse(Runtime.getRuntime().maxMemory() * 2 / 5);
    if (maxBytes < largest()) {
      throw new IllegalArgumentException(
          "one upload can have %d bytes, all uploads together %d: lower lookalike.uploads.max-image-bytes, or raise lookalike.uploads.max-bytes or the heap"
              .formatted(largest(), maxBytes));
    }
  }

  @Override
  public int maxRequests() {
    return settings.maxRequests();
  }

  @Override
  public long maxBytes() {
    return maxBytes;
  }

  @Override
  public long largest() {
    return settings.maxImageBytes().asLongValue() + OVERHEAD_BYTES;
  }

  /** Bytes of the largest message, with the cost of its frames. */
  public long largestMessage() {
    return largest() + largest() / 8;
  }

  @Override
  public int factor() {
    return 1;
  }

  @Override
  public Duration readTimeout() {
    return settings.readTimeout();
  }

  @Override
  public Duration stallTimeout() {
    return settings.stallTimeout();
  }

  @Override
  public String full() {
    return "this service is busy with as many uploads as it can hold; try again soon";
  }

  @Override
  public long largestBody() {
    return Math.max(LARGEST_BODY, largest());
  }

  @Override
  public boolean admitsBodies() {
    return false;
  }

  @Override
  public boolean takesCompressed(MethodDescriptor<?, ?> method) {
    // Their marshaller makes room for what they become.
    return is(method, IngestGrpc.getPutImageMethod())
        || is(method, IngestGrpc.getPutImagesMethod());
  }

  @Override
  public Optional<MessageLimit> limit(MethodDescriptor<?, ?> method) {
    if (is(method, IngestGrpc.getPutImagesMethod())) {
      return Optional.empty();
    }
    return Optional.of(
        upload(method).isPresent()
            ? new MessageLimit(0, largestMessage())
            : new MessageLimit(FREE, OVERHEAD_BYTES));
  }

  @Override
  public void refused(MethodDescriptor<?, ?> method, RefusedException reason) {
    upload(method).ifPresent(operation -> metrics.refused(operation, reason.code()));
  }

  private static Optional<Operation> upload(MethodDescriptor<?, ?> method) {
    if (is(method, IngestGrpc.getPutImageMethod())) {
      return Optional.of(Operation.PUT);
    }
    return is(method, IngestGrpc.getPutClassifierMethod())
        ? Optional.of(Operation.TEACH)
        : Optional.empty();
  }

  private static boolean is(MethodDescriptor<?, ?> method, MethodDescriptor<?, ?> other) {
    return method.getFullMethodName().equals(other.getFullMethodName());
  }
}
