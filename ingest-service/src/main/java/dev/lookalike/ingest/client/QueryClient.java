package dev.lookalike.ingest.client;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import dev.lookalike.ingest.images.ImageIndex;
import dev.lookalike.proto.search.v1.DescribeIndexRequest;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.GetImageRequest;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ListImagesRequest;
import dev.lookalike.proto.search.v1.ListImagesResponse;
import dev.lookalike.proto.search.v1.SearchGrpc;
import dev.lookalike.service.access.ServiceKey;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Asks the query service. Connects with the first question. Thread-safe; blocks the caller, at most
 * for the timeout of each question.
 */
public final class QueryClient implements ImageIndex, AutoCloseable {
  private static final Logger LOG = Logger.getLogger(QueryClient.class);
  private static final int PAGE = 1000;

  /** A page of entries with their attributes. */
  private static final int MAX_MESSAGE_BYTES = 64 << 20;

  private final QuerySettings settings;
  private final ServiceKey key;
  private @Nullable ManagedChannel channel;

  public QueryClient(QuerySettings settings, ServiceKey key) {
    this.settings = settings;
    this.key = key;
  }

  @Override
  public Optional<ImageEntry> image(String collectionId, String imageId) {
    try {
      return Optional.of(
          call(
              search ->
                  search.getImage(
                      GetImageRequest.newBuilder()
                          .setCollection(collectionId)
                          .setImageId(imageId)
                          .build())));
    } catch (RefusedException e) {
      if (e.code() == ErrorCode.IMAGE_NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  @Override
  public void matching(String collectionId, String filter, Consumer<List<ImageEntry>> page) {
    String cursor = "";
    do {
      ListImagesRequest request =
          ListImagesRequest.newBuilder()
              .setCollection(collectionId)
              .setFilter(filter)
              .setPageSize(PAGE)
              .setCursor(cursor)
              .build();
      ListImagesResponse found = call(search -> search.listImages(request));
      page.accept(found.getImagesList());
      cursor = found.getNextCursor();
    } while (!cursor.isEmpty());
  }

  @Override
  public DescribeIndexResponse index(String collectionId) {
    return call(
        search ->
            search.describeIndex(
                DescribeIndexRequest.newBuilder().setCollection(collectionId).build()));
  }

  /** How far an index is; empty when the service is away or has none of the collection yet. */
  public Optional<DescribeIndexResponse> indexIfItAnswers(String collectionId) {
    try {
      return Optional.of(
          SearchGrpc.newBlockingStub(channel())
              .withDeadlineAfter(settings.timeout().toMillis(), TimeUnit.MILLISECONDS)
              .describeIndex(
                  DescribeIndexRequest.newBuilder().setCollection(collectionId).build()));
    } catch (StatusRuntimeException e) {
      LOG.debugf("query-service: %s", e.getStatus());
      return Optional.empty();
    }
  }

  private <T> T call(Function<SearchGrpc.SearchBlockingStub, T> question) {
    try {
      return question.apply(
          SearchGrpc.newBlockingStub(channel())
              .withMaxInboundMessageSize(MAX_MESSAGE_BYTES)
              .withDeadlineAfter(settings.timeout().toMillis(), TimeUnit.MILLISECONDS));
    } catch (StatusRuntimeException e) {
      throw refusal(e);
    }
  }

  /** The query service's own code where this service knows it; else that it cannot be used. */
  private static RefusedException refusal(StatusRuntimeException e) {
    switch (reason(e)) {
      case "IMAGE_NOT_FOUND" -> {
        return new RefusedException(ErrorCode.IMAGE_NOT_FOUND, "no such image");
      }
      case "INVALID_FILTER" -> {
        String said = e.getStatus().getDescription();
        return new RefusedException(
            ErrorCode.INVALID_FILTER, said == null ? "the filter cannot be read" : said);
      }
      default -> {
        LOG.warnf("query-service: %s", e.getStatus());
        return new RefusedException(
            ErrorCode.QUERY_UNAVAILABLE,
            "the query service, which this call needs, cannot answer now");
      }
    }
  }

  private static String reason(StatusRuntimeException e) {
    com.google.rpc.Status status = StatusProto.fromThrowable(e);
    if (status == null) {
      return "";
    }
    try {
      for (com.google.protobuf.Any detail : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          return detail.unpack(ErrorInfo.class).getReason();
        }
      }
    } catch (InvalidProtocolBufferException unreadable) {
      LOG.debug("unreadable details", unreadable);
    }
    return "";
  }

  private synchronized ManagedChannel channel() {
    if (channel == null) {
      channel =
          Grpc.newChannelBuilder(settings.address(), InsecureChannelCredentials.create())
              .intercept(key)
              .defaultLoadBalancingPolicy("round_robin")
              .idleTimeout(5, TimeUnit.MINUTES)
              .build();
    }
    return channel;
  }

  @Override
  public synchronized void close() {
    if (channel != null) {
      channel.shutdownNow();
      try {
        channel.awaitTermination(Duration.ofSeconds(2).toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
