package dev.lookalike.embed.query;

import dev.lookalike.embed.builds.ServedBuild;
import dev.lookalike.embed.builds.ServedBuilds;
import dev.lookalike.embed.infer.Embedder;
import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.metrics.EmbedMetrics.Phase;
import dev.lookalike.embed.metrics.EmbedMetrics.Urgency;
import dev.lookalike.embed.model.runtime.PixelBuffer;
import dev.lookalike.embed.query.QueryImageDecoder.Decoding;
import dev.lookalike.imaging.Bounds;
import dev.lookalike.imaging.ImageLimits;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.QueryImage;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Embeds query images along the path of stored images, so that the same file gives the same vector:
 * made canonical in the bounds of the collection, decoded again, preprocessed, inferred.
 * Thread-safe; blocks its caller. What does not fit is refused at once.
 */
public final class QueryImages {
  /** Images of one request (embed.proto). */
  private static final int MAX_IMAGES = 16;

  /** Query images come singly; larger batches would only make the first wait. */
  private static final int MAX_BATCH = 8;

  private final ServedBuilds builds;
  private final EmbedMetrics metrics;
  private final boolean refusing;
  private final ImageLimits limits;
  private final int maxImages;
  private final Duration timeout;
  private final Semaphore places;
  private final Semaphore decoders;
  private final Map<Embedder, QueryBatcher> batchers = new ConcurrentHashMap<>();

  /** An image on its way. */
  private sealed interface Started {
    record Waiting(CompletableFuture<Inferred> answer, long perceptualHash, byte[] sha256)
        implements Started {}

    record Refused(QueryEmbedding.Refused refusal) implements Started {}
  }

  /**
   * @param limits of an image
   * @param refusing whether this instance works on the log only
   */
  public QueryImages(
      ServedBuilds builds,
      QuerySettings settings,
      ImageLimits limits,
      boolean refusing,
      EmbedMetrics metrics) {
    this.builds = builds;
    this.refusing = refusing;
    this.metrics = metrics;
    this.limits = limits;
    this.maxImages = settings.maxImages();
    this.timeout = settings.timeout();
    this.places = new Semaphore(settings.maxImages());
    this.decoders =
        new Semaphore(
            settings.decoders() == 0
                ? Runtime.getRuntime().availableProcessors()
                : settings.decoders(),
            true);
  }

  /** Query images in work or waiting. */
  public int queued() {
    return maxImages - places.availablePermits();
  }

  /** Bytes of one image, at most. */
  public long maxImageBytes() {
    return limits.maxBytes();
  }

  /**
   * Answers a request.
   *
   * @throws RefusedException where no image of it could be embedded: unknown or unbound collection,
   *     too many images, no place
   */
  public EmbedImagesResponse embed(EmbedImagesRequest request) {
    if (refusing) {
      throw new RefusedException(
          ErrorCode.NOT_BOUND, "this instance works on the log only (lookalike.role=bulk)");
    }
    int count = request.getImagesCount();
    if (count < 1 || count > MAX_IMAGES) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT,
          "a request has 1 to %d images, this one has %d".formatted(MAX_IMAGES, count));
    }
    ServedBuild build = build(request.getCollectionId(), request.getBuildId());
    if (!places.tryAcquire(count)) {
      metrics.online(ErrorCode.FULL.name());
      throw full();
    }
    try {
      return answer(build, request.getImagesList());
    } finally {
      places.release(count);
    }
  }

  private ServedBuild build(String collectionId, String buildId) {
    if (builds.trouble().isPresent() && builds.served().isEmpty()) {
      throw new RefusedException(
          ErrorCode.BROKER_UNAVAILABLE, "the collections are not known yet; try again soon");
    }
    String id =
        builds
            .collection(collectionId)
            .orElseThrow(
                () ->
                    new RefusedException(
                        ErrorCode.COLLECTION_NOT_FOUND, "there is no such collection"))
            .collection()
            .getId();
    return builds
        .await(id, buildId)
        .orElseThrow(
            () ->
                new RefusedException(
                    ErrorCode.NOT_BOUND,
                    "no model that is served here belongs to this collection or build"));
  }

  private static RefusedException full() {
    return new RefusedException(
        ErrorCode.FULL, "as many query images as this service holds are in work; try again soon");
  }

  private EmbedImagesResponse answer(ServedBuild build, List<QueryImage> images) {
    QueryBatcher batcher = batchers.computeIfAbsent(build.embedder(), QueryImages::batcher);
    Bounds bounds = QueryImageDecoder.bounds(build.collection().getBounds());
    List<Started> started = new ArrayList<>(images.size());
    try {
      for (QueryImage image : images) {
        started.add(start(image, bounds, batcher));
      }
      EmbedImagesResponse.Builder response =
          EmbedImagesResponse.newBuilder()
              .setModel(build.build().getModel())
              .setBuildId(build.build().getId())
              .setDevice(build.embedder().model().device());
      for (Started each : started) {
        QueryEmbedding finished = finish(each);
        metrics.online(
            switch (finished) {
              case QueryEmbedding.Embedded embedded -> "";
              case QueryEmbedding.Refused refused -> refused.code().name();
            });
        response.addResults(EmbedResults.of(finished, build.build().getModel()));
      }
      return response.build();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw full();
    } finally {
      for (Started each : started) {
        if (each instanceof Started.Waiting waiting) {
          waiting.answer().cancel(false);
        }
      }
    }
  }

  /** The slots belong to the one thread of the batcher. */
  private static QueryBatcher batcher(Embedder embedder) {
    PixelBuffer slots = embedder.slots();
    return new QueryBatcher(
        "online-" + embedder.model().reference().getId(),
        Math.min(MAX_BATCH, embedder.maxBatchSize()),
        images -> {
          for (int slot = 0; slot < images.size(); slot++) {
            embedder.prepare(images.get(slot), slots, slot, Urgency.ONLINE);
          }
          return embedder.infer(slots, images.size(), Urgency.ONLINE);
        });
  }

  private Started start(QueryImage image, Bounds bounds, QueryBatcher batcher)
      throws InterruptedException {
    Optional<QueryEmbedding.Refused> refusal = QueryImageDecoder.refusal(image, limits);
    if (refusal.isPresent()) {
      return new Started.Refused(refusal.get());
    }
    if (!decoders.tryAcquire(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
      throw full();
    }
    try {
      long start = System.nanoTime();
      return switch (QueryImageDecoder.decode(image, limits, bounds)) {
        case Decoding.Refused refused -> new Started.Refused(refused.refusal());
        case Decoding.Decoded decoded -> {
          metrics.took(Phase.DECODE, Urgency.ONLINE, System.nanoTime() - start);
          yield new Started.Waiting(
              batcher.embed(decoded.pixels()), decoded.perceptualHash(), decoded.sha256());
        }
      };
    } finally {
      decoders.release();
    }
  }

  private QueryEmbedding finish(Started started) throws InterruptedException {
    return switch (started) {
      case Started.Refused refused -> refused.refusal();
      case Started.Waiting waiting -> {
        Inferred inferred;
        try {
          inferred = waiting.answer().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | CancellationException e) {
          throw full();
        } catch (ExecutionException e) {
          throw new IllegalStateException("a query image was not embedded", e.getCause());
        }
        yield switch (inferred) {
          case Inferred.Embedding embedding ->
              new QueryEmbedding.Embedded(embedding, waiting.perceptualHash(), waiting.sha256());
          case Inferred.Failed failed ->
              new QueryEmbedding.Refused(
                  ErrorCode.valueOf(failed.failure().name()), publicText(failed.failure()));
        };
      }
    };
  }

  /** The model's own words stay in the process. */
  private static String publicText(Inferred.Failure failure) {
    return switch (failure) {
      case EMBEDDING_NOT_FINITE -> "the model gives no finite embedding of this image";
      case EMBEDDING_ZERO -> "the model gives an embedding of zeros for this image";
      case MODEL_FAILED -> "the model fails on this image";
    };
  }

  /** Cancels what waits. */
  public void close() {
    batchers.values().forEach(QueryBatcher::close);
  }
}
