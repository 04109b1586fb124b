package dev.lookalike.query.client;

import dev.lookalike.proto.embed.v1.EmbedGrpc;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.GrpcErrors;
import dev.lookalike.service.error.RefusedException;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Has query images embedded by embed-service. */
public final class EmbedClient implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(EmbedClient.class);

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
   * Embeds the images of a request.
   *
   * @return one result for each image, in their order; an image may be refused there
   * @throws RefusedException if the service does not answer, or refuses the call
   */
  public EmbedImagesResponse embed(EmbedImagesRequest request) {
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
          ErrorCode.EMBED_UNAVAILABLE, "The embedding service gave an answer that cannot be used.");
    }
    return response;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  /** What embed-service says of the request is passed on; the rest is its own trouble. */
  private static RefusedException refused(StatusRuntimeException e) {
    Optional<ErrorCode> code = GrpcErrors.codeOf(e).filter(EmbedClient::isOfTheRequest);
    if (code.isPresent()) {
      return new RefusedException(code.get(), String.valueOf(e.getStatus().getDescription()));
    }
    LOG.warnf("embed-service: %s", e.getStatus());
    return new RefusedException(
        ErrorCode.EMBED_UNAVAILABLE,
        "The embedding service does not answer; searches by id and by vector work.");
  }

  private static boolean isOfTheRequest(ErrorCode code) {
    return switch (code.grpc()) {
      case INVALID_ARGUMENT, RESOURCE_EXHAUSTED -> true;
      default -> code == ErrorCode.MODEL_FAILED;
    };
  }
}
