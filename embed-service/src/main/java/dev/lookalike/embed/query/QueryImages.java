package dev.lookalike.embed.query;

import com.google.protobuf.ByteString;
import dev.lookalike.embed.infer.Embedder;
import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.embed.log.Bindings;
import dev.lookalike.embed.log.Bindings.Binding;
import dev.lookalike.embed.log.SlotSettings;
import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.metrics.EmbedMetrics.Phase;
import dev.lookalike.embed.metrics.EmbedMetrics.Urgency;
import dev.lookalike.embed.model.OnnxModel.ClassProbability;
import dev.lookalike.imaging.Bounds;
import dev.lookalike.imaging.CanonicalDecoder;
import dev.lookalike.imaging.CanonicalResult;
import dev.lookalike.imaging.Canonicalizer;
import dev.lookalike.imaging.DecodeResult;
import dev.lookalike.imaging.ImageLimits;
import dev.lookalike.imaging.PerceptualHash;
import dev.lookalike.imaging.Region;
import dev.lookalike.imaging.RgbImage;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.EmbedRefusal;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.embed.v1.Embedding;
import dev.lookalike.proto.embed.v1.QueryImage;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.proto.image.v1.ModelReference;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
@Singleton
public class QueryImages {
  /** Images of one request (embed.proto). */
  private static final int MAX_IMAGES = 16;

  private final Bindings bindings;
  private final OnlineSettings settings;
  private final EmbedMetrics metrics;
  private final boolean refusing;
  private final ImageLimits limits;
  private final Semaphore places;
  private final Semaphore decoders;
  private final Map<Embedder, OnlineBatcher> batchers = new ConcurrentHashMap<>();

  /** An image on its way. */
  private sealed interface Started {
    record Waiting(CompletableFuture<Inferred> answer, long perceptualHash, byte[] sha256)
        implements Started {}

    record Refused(QueryEmbedding.Refused refusal) implements Started {}
  }

  public QueryImages(
      Bindings bindings, OnlineSettings settings, SlotSettings slot, EmbedMetrics metrics) {
    this.bindings = bindings;
    this.refusing = slot.role() == SlotSettings.Role.BULK;
    this.settings = settings;
    this.metrics = metrics;
    this.limits = new ImageLimits(settings.maxImageBytes().asLongValue(), settings.maxPixels());
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
    return settings.maxImages() - places.availablePermits();
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
    Binding binding = binding(request.getCollectionId(), request.getBuildId());
    if (!places.tryAcquire(count)) {
      metrics.online(ErrorCode.FULL.name());
      throw full();
    }
    try {
      return answer(binding, request.getImagesList());
    } finally {
      places.release(count);
    }
  }

  private Binding binding(String collectionId, String buildId) {
    if (bindings.trouble().isPresent() && bindings.served().isEmpty()) {
      throw new RefusedException(
          ErrorCode.BROKER_UNAVAILABLE, "the collections are not known yet; try again soon");
    }
    String id =
        bindings
            .find(collectionId)
            .orElseThrow(
                () ->
                    new RefusedException(
                        ErrorCode.COLLECTION_NOT_FOUND, "there is no such collection"))
            .collection()
            .getId();
    return bindings
        .awaitBinding(id, buildId)
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

  private EmbedImagesResponse answer(Binding binding, List<QueryImage> images) {
    OnlineBatcher batcher = batchers.computeIfAbsent(binding.embedder(), OnlineBatcher::new);
    Bounds bounds = bounds(binding.collection().getBounds());
    List<Started> started = new ArrayList<>(images.size());
    try {
      for (QueryImage image : images) {
        started.add(start(image, bounds, batcher));
      }
      EmbedImagesResponse.Builder response =
          EmbedImagesResponse.newBuilder()
              .setModel(binding.build().getModel())
              .setBuildId(binding.build().getId())
              .setDevice(binding.embedder().model().device());
      for (Started each : started) {
        QueryEmbedding finished = finish(each);
        metrics.online(
            switch (finished) {
              case QueryEmbedding.Embedded embedded -> "";
              case QueryEmbedding.Refused refused -> refused.code().name();
            });
        response.addResults(result(finished, binding.build().getModel()));
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

  private Started start(QueryImage image, Bounds bounds, OnlineBatcher batcher)
      throws InterruptedException {
    if (image.hasRegion()
        && !Region.isValid(
            image.getRegion().getX(),
            image.getRegion().getY(),
            image.getRegion().getWidth(),
            image.getRegion().getHeight())) {
      return refused(
          ErrorCode.INVALID_REGION,
          "a region has 0 <= x < 1 and 0 < width <= 1 - x, and the same for y and height");
    }
    ByteString untrusted = image.getImage();
    if (untrusted.size() > limits.maxBytes()) {
      return refused(
          ErrorCode.TOO_MANY_BYTES,
          "%d bytes, at most %d".formatted(untrusted.size(), limits.maxBytes()));
    }
    if (!decoders.tryAcquire(settings.timeout().toMillis(), TimeUnit.MILLISECONDS)) {
      throw full();
    }
    try {
      return decode(image, untrusted.toByteArray(), bounds, batcher);
    } finally {
      decoders.release();
    }
  }

  private Started decode(QueryImage image, byte[] untrusted, Bounds bounds, OnlineBatcher batcher) {
    long start = System.nanoTime();
    CanonicalResult canonical =
        image.hasRegion()
            ? Canonicalizer.canonicalize(
                untrusted,
                limits,
                bounds,
                new Region(
                    image.getRegion().getX(),
                    image.getRegion().getY(),
                    image.getRegion().getWidth(),
                    image.getRegion().getHeight()))
            : Canonicalizer.canonicalize(untrusted, limits, bounds);
    return switch (canonical) {
      case CanonicalResult.Refused refused ->
          refused(ErrorCode.valueOf(refused.reason().name()), refused.detail());
      case CanonicalResult.Canonical made ->
          switch (CanonicalDecoder.decode(made.image().jpeg())) {
            case DecodeResult.Refused refused ->
                throw new IllegalStateException(
                    "our own canonical image is refused: " + refused.reason());
            case DecodeResult.Decoded decoded -> {
              metrics.took(Phase.DECODE, Urgency.ONLINE, System.nanoTime() - start);
              RgbImage pixels = decoded.image();
              yield new Started.Waiting(
                  batcher.embed(pixels), PerceptualHash.of(pixels), sha256(untrusted));
            }
          };
    };
  }

  private static Started refused(ErrorCode code, String detail) {
    return new Started.Refused(new QueryEmbedding.Refused(code, detail));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private QueryEmbedding finish(Started started) throws InterruptedException {
    return switch (started) {
      case Started.Refused refused -> refused.refusal();
      case Started.Waiting waiting -> {
        Inferred inferred;
        try {
          inferred = waiting.answer().get(settings.timeout().toMillis(), TimeUnit.MILLISECONDS);
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

  private static EmbedResult result(QueryEmbedding finished, ModelReference model) {
    return switch (finished) {
      case QueryEmbedding.Refused refused ->
          EmbedResult.newBuilder()
              .setRefused(
                  EmbedRefusal.newBuilder()
                      .setCode(refused.code().name())
                      .setMessage(refused.detail()))
              .build();
      case QueryEmbedding.Embedded embedded -> {
        Embedding.Builder embedding =
            Embedding.newBuilder()
                .setPerceptualHash(embedded.perceptualHash())
                .setSha256(ByteString.copyFrom(embedded.sha256()));
        for (float value : embedded.embedding().values()) {
          embedding.addValues(value);
        }
        for (ClassProbability each : embedded.embedding().classes()) {
          embedding.addLabels(
              Label.newBuilder()
                  .setName(each.name())
                  .setConfidence(each.probability())
                  .setSource(LabelSource.LABEL_SOURCE_MODEL)
                  .setSourceVersion(model.getDigest()));
        }
        yield EmbedResult.newBuilder().setEmbedding(embedding).build();
      }
    };
  }

  /** The bounds of stored images; those that a collection leaves out are the defaults. */
  static Bounds bounds(CanonicalBounds bounds) {
    return new Bounds(
        bounds.getShortSide() == 0 ? Bounds.DEFAULT.shortSide() : bounds.getShortSide(),
        bounds.getLongSide() == 0 ? Bounds.DEFAULT.longSide() : bounds.getLongSide(),
        bounds.getJpegQuality() == 0 ? Bounds.DEFAULT.jpegQuality() : bounds.getJpegQuality(),
        bounds.getMaxBytes() == 0 ? Bounds.DEFAULT.maxBytes() : bounds.getMaxBytes());
  }

  @PreDestroy
  void close() {
    batchers.values().forEach(OnlineBatcher::close);
  }
}
