package dev.lookalike.query.search;

import dev.lookalike.proto.embed.v1.EmbedGrpc;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.query.metrics.QueryMetrics;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Has query images embedded by embed-service. */
public final class EmbedClient implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(EmbedClient.class);

  /** Images of one call, as the contract of embed-service says. */
  static final int MAX_IMAGES = 16;

  private static final int MAX_ANSWER_BYTES = 4 << 20;

  private final ManagedChannel channel;
  private final Duration timeout;
  private final QueryMetrics metrics;

  /**
   * Connects at the first call.
   *
   * @param address host and port
   * @param key shows who asks
   */
  public EmbedClient(
      String address, ClientInterceptor key, Duration timeout, QueryMetrics metrics) {
    this.channel =
        ManagedChannelBuilder.forTarget("dns:///" + address)
            .usePlaintext()
            .intercept(key)
            .defaultLoadBalancingPolicy("round_robin")
            .maxInboundMessageSize(MAX_ANSWER_BYTES)
            .build();
    this.timeout = timeout;
    this.metrics = metrics;
  }

  /**
   * Embeds at most {@link #MAX_IMAGES} images.
   *
   * @throws RefusedException if the service does not answer or refuses the call; a refused image is
   *     part of the answer
   */
  EmbedImagesResponse embed(EmbedImagesRequest request) {
    long start = System.nanoTime();
    EmbedImagesResponse response;
    try {
      response =
          EmbedGrpc.newBlockingStub(channel)
              .withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS)
              .embedImages(request);
    } catch (StatusRuntimeException e) {
      throw refused(e);
    } finally {
      metrics.embedded(Duration.ofNanos(System.nanoTime() - start));
    }
    if (response.getResultsCount() != request.getImagesCount()) {
      LOG.errorf(
          "embed-service answered %d images with %d results",
          request.getImagesCount(), response.getResultsCount());
      throw new RefusedException(
          Code.EMBED_UNAVAILABLE, "The embedding service gave an answer that cannot be used.");
    }
    return response;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private static RefusedException refused(StatusRuntimeException e) {
    com.google.rpc.Status status = StatusProto.fromThrowable(e);
    Code code = Code.EMBED_UNAVAILABLE;
    if (status != null) {
      for (com.google.protobuf.Any detail : status.getDetailsList()) {
        if (detail.is(com.google.rpc.ErrorInfo.class)) {
          try {
            code = known(detail.unpack(com.google.rpc.ErrorInfo.class).getReason());
          } catch (com.google.protobuf.InvalidProtocolBufferException unreadable) {
            LOG.debugf("error detail of embed-service: %s", unreadable);
          }
        }
      }
    }
    return switch (e.getStatus().getCode()) {
      case INVALID_ARGUMENT, RESOURCE_EXHAUSTED ->
          new RefusedException(code, String.valueOf(e.getStatus().getDescription()));
      case OK,
          CANCELLED,
          UNKNOWN,
          DEADLINE_EXCEEDED,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          FAILED_PRECONDITION,
          ABORTED,
          OUT_OF_RANGE,
          UNIMPLEMENTED,
          INTERNAL,
          UNAVAILABLE,
          DATA_LOSS,
          UNAUTHENTICATED -> {
        LOG.warnf("embed-service: %s", e.getStatus());
        yield new RefusedException(
            Code.EMBED_UNAVAILABLE,
            "The embedding service does not answer; searches by id and by vector work.");
      }
    };
  }

  /** A code of embed-service as one of ours. */
  static Code known(String name) {
    try {
      return Code.valueOf(name);
    } catch (IllegalArgumentException e) {
      LOG.warnf("embed-service refuses with a code that is not in the contract: %s", name);
      return Code.INVALID_ARGUMENT;
    }
  }
}
