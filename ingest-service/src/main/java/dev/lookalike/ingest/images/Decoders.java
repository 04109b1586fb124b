package dev.lookalike.ingest.images;

import dev.lookalike.imaging.Bounds;
import dev.lookalike.imaging.CanonicalResult;
import dev.lookalike.imaging.Canonicalizer;
import dev.lookalike.imaging.ImageLimits;
import dev.lookalike.imaging.RefusalReason;
import dev.lookalike.imaging.Thumbnails;
import dev.lookalike.ingest.metrics.IngestMetrics;
import dev.lookalike.ingest.uploads.UploadSettings;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Makes images canonical on a few platform threads of its own. Thread-safe; blocks the caller.
 *
 * <p>Invariant: the pixels that are decoded at once are at most {@code decoders} times {@value
 * #ORDINARY_PIXELS} and one larger image. The queues are bounded by what {@link
 * dev.lookalike.service.admission.Admission} lets in.
 */
public final class Decoders implements AutoCloseable {
  /** Larger images take their turn one by one; 8 megapixels are 24 MB decoded. */
  private static final long ORDINARY_PIXELS = 8_000_000;

  private final ThreadPoolExecutor ordinary;
  private final ThreadPoolExecutor large;
  private final ImageLimits limits;
  private final IngestMetrics metrics;

  public Decoders(UploadSettings settings, IngestMetrics metrics) {
    int threads = settings.decoders().orElse(Runtime.getRuntime().availableProcessors());
    this.ordinary = pool("decoder-", threads);
    this.large = pool("large-decoder-", 1);
    this.limits = new ImageLimits(settings.maxImageBytes().asLongValue(), settings.maxPixels());
    this.metrics = metrics;
    metrics.decodeQueue(() -> ordinary.getQueue().size() + large.getQueue().size());
  }

  private static ThreadPoolExecutor pool(String name, int threads) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name(name, 0).daemon().factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /** The canonical image of untrusted bytes, or why there is none. */
  public CanonicalResult canonicalize(byte[] untrusted, Bounds bounds) {
    ImageLimits ofOrdinary =
        new ImageLimits(limits.maxBytes(), Math.min(limits.maxPixels(), ORDINARY_PIXELS));
    long queued = System.nanoTime();
    CanonicalResult result = canonicalize(ordinary, queued, untrusted, ofOrdinary, bounds);
    boolean isLarge =
        limits.maxPixels() > ORDINARY_PIXELS
            && result instanceof CanonicalResult.Refused refused
            && refused.reason() == RefusalReason.TOO_MANY_PIXELS;
    return isLarge ? canonicalize(large, queued, untrusted, limits, bounds) : result;
  }

  private CanonicalResult canonicalize(
      ThreadPoolExecutor pool, long queued, byte[] untrusted, ImageLimits limits, Bounds bounds) {
    return run(
        pool, () -> timed(queued, () -> Canonicalizer.canonicalize(untrusted, limits, bounds)));
  }

  private <T> T timed(long queued, Callable<T> work) throws Exception {
    long start = System.nanoTime();
    try {
      return work.call();
    } finally {
      metrics.decoded(
          Duration.ofNanos(System.nanoTime() - start), Duration.ofNanos(start - queued));
    }
  }

  /**
   * A smaller JPEG of a canonical image.
   *
   * @param longSide pixels of its long side, at most
   */
  public byte[] thumbnail(byte[] canonical, int longSide) {
    return run(ordinary, () -> Thumbnails.jpeg(canonical, longSide));
  }

  private static <T> T run(ThreadPoolExecutor pool, Callable<T> work) {
    Future<T> result;
    try {
      result = pool.submit(work);
    } catch (RejectedExecutionException e) {
      throw new RefusedException(ErrorCode.FULL, "the service is stopping");
    }
    try {
      return result.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException(ErrorCode.FULL, "the service is stopping");
    }
  }

  @Override
  public void close() {
    ordinary.shutdown();
    large.shutdown();
  }
}
