package dev.lookalike.embed.infer;

import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.metrics.EmbedMetrics.Phase;
import dev.lookalike.embed.metrics.EmbedMetrics.Urgency;
import dev.lookalike.embed.model.ModelFailedException;
import dev.lookalike.embed.model.runtime.OnnxModel;
import dev.lookalike.embed.model.runtime.OnnxModel.Inference;
import dev.lookalike.embed.model.runtime.PixelBuffer;
import dev.lookalike.imaging.RgbImage;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Runs a model on prepared images: in buckets of 1, 2, 4, ... images, online ahead of the bulk, and
 * in smaller ones where a batch fails. Thread-safe; each caller brings its own {@link PixelBuffer}.
 */
public final class Embedder {
  private static final Logger LOG = Logger.getLogger(Embedder.class);

  private final OnnxModel model;
  private final Turnstile turnstile;
  private final EmbedMetrics metrics;
  private final BatchSizer sizer;
  private final int maxBatchSize;

  Embedder(OnnxModel model, Turnstile turnstile, EmbedMetrics metrics, InferSettings settings) {
    this.model = model;
    this.turnstile = turnstile;
    this.metrics = metrics;
    this.maxBatchSize = BatchSizer.bucket(Math.min(settings.maxBatchSize(), model.maxBatchSize()));
    this.sizer = new BatchSizer(settings.bulkBatchTime().toNanos(), maxBatchSize);
  }

  public OnnxModel model() {
    return model;
  }

  /** Images of one batch, at most. */
  public int maxBatchSize() {
    return maxBatchSize;
  }

  /** Room for a batch of the largest size. */
  public PixelBuffer slots() {
    return model.buffer(maxBatchSize);
  }

  /** Size of the next bulk batch when so many images wait, at least 1. */
  public int bulkBatchSize(int waiting) {
    synchronized (sizer) {
      return sizer.next(waiting);
    }
  }

  /** Makes the tensor of an image in a slot. */
  public void prepare(RgbImage image, PixelBuffer slots, int slot, Urgency urgency) {
    long start = System.nanoTime();
    slots.write(image, slot);
    metrics.took(Phase.PREPROCESS, urgency, System.nanoTime() - start);
  }

  /**
   * Embeds the images in slots 0 to count - 1.
   *
   * @return one for each slot, in order
   * @throws InterruptedException while waiting for the turn; nothing is lost, the slots stay
   */
  public List<Inferred> infer(PixelBuffer slots, int count, Urgency urgency)
      throws InterruptedException {
    List<Inferred> inferred = new ArrayList<>(count);
    while (inferred.size() < count) {
      int first = inferred.size();
      int size = BatchSizer.bucket(Math.min(count - first, ceiling()));
      inferred.addAll(halved(slots, first, size, urgency));
    }
    return inferred;
  }

  private int ceiling() {
    synchronized (sizer) {
      return sizer.ceiling();
    }
  }

  /**
   * Runs a batch; one that fails in two halves, and so on down to the images that the model cannot
   * take. Where all of them pass in the end it was the size: memory of the device, most likely.
   */
  private List<Inferred> halved(PixelBuffer slots, int first, int size, Urgency urgency)
      throws InterruptedException {
    try {
      return run(slots, first, size, urgency);
    } catch (ModelFailedException e) {
      if (size == 1) {
        return List.of(failed(e));
      }
      List<Inferred> inferred = new ArrayList<>(halved(slots, first, size / 2, urgency));
      inferred.addAll(halved(slots, first + size / 2, size / 2, urgency));
      if (inferred.stream().noneMatch(each -> each instanceof Inferred.Failed) && isNews(size)) {
        LOG.warnf(
            "model %s fails on %d images at once and on none of them in smaller batches, which it"
                + " gets for a while: %s",
            model.reference().getId(), size, e.getMessage());
      }
      return inferred;
    }
  }

  private boolean isNews(int tooLarge) {
    synchronized (sizer) {
      return sizer.tooLarge(tooLarge);
    }
  }

  private static Inferred failed(ModelFailedException e) {
    String message = String.valueOf(e.getMessage());
    return new Inferred.Failed(
        Inferred.Failure.MODEL_FAILED,
        "the model failed: " + message.substring(0, Math.min(300, message.length())));
  }

  private List<Inferred> run(PixelBuffer slots, int first, int size, Urgency urgency)
      throws ModelFailedException, InterruptedException {
    long asked = System.nanoTime();
    turnstile.enter(urgency);
    long start = System.nanoTime();
    List<Inference> inferences;
    try {
      inferences = model.infer(slots, first, size);
    } finally {
      turnstile.leave();
    }
    long took = System.nanoTime() - start;
    metrics.took(Phase.QUEUE, urgency, start - asked);
    metrics.took(Phase.INFER, urgency, took);
    metrics.batch(urgency, size);
    if (urgency == Urgency.BULK) {
      synchronized (sizer) {
        sizer.measured(size, took);
      }
    }
    if (inferences.size() != size) {
      throw new IllegalStateException(inferences.size() + " embeddings for " + size + " images");
    }
    List<Inferred> inferred = new ArrayList<>(size);
    for (Inference inference : inferences) {
      inferred.add(Inferred.of(inference.embedding(), inference.classes()));
    }
    return inferred;
  }
}
