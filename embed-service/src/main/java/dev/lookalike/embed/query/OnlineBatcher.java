package dev.lookalike.embed.query;

import dev.lookalike.embed.infer.Embedder;
import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.embed.metrics.EmbedMetrics.Urgency;
import dev.lookalike.embed.model.PixelBuffer;
import dev.lookalike.imaging.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Runs query images of one model, those that wait together as one batch. Thread-safe. One thread
 * owns the slots; nobody waits for a batch to fill. The queue is bounded by the admission before
 * it.
 */
final class OnlineBatcher implements AutoCloseable {
  /** Query images come singly; larger batches would only make the first wait. */
  private static final int MAX_BATCH = 8;

  private final Embedder embedder;
  private final BlockingQueue<Waiting> queue = new LinkedBlockingQueue<>();
  private final Thread thread;

  private record Waiting(RgbImage image, CompletableFuture<Inferred> answer) {}

  OnlineBatcher(Embedder embedder) {
    this.embedder = embedder;
    this.thread =
        Thread.ofPlatform()
            .name("online-" + embedder.model().reference().getId())
            .daemon()
            .start(this::run);
  }

  /**
   * The embedding of an image, as soon as the model is free. Cancelling it spares the inference.
   */
  CompletableFuture<Inferred> embed(RgbImage image) {
    CompletableFuture<Inferred> answer = new CompletableFuture<>();
    queue.add(new Waiting(image, answer));
    return answer;
  }

  private void run() {
    PixelBuffer slots = embedder.slots();
    List<Waiting> batch = new ArrayList<>();
    try {
      while (true) {
        batch.clear();
        batch.add(queue.take());
        queue.drainTo(batch, Math.min(MAX_BATCH, embedder.maxBatchSize()) - 1);
        batch.removeIf(waiting -> waiting.answer().isDone());
        if (!batch.isEmpty()) {
          answer(batch, slots);
        }
      }
    } catch (InterruptedException e) {
      batch.forEach(waiting -> waiting.answer().cancel(false));
      queue.forEach(waiting -> waiting.answer().cancel(false));
    }
  }

  private void answer(List<Waiting> batch, PixelBuffer slots) throws InterruptedException {
    try {
      for (int slot = 0; slot < batch.size(); slot++) {
        embedder.prepare(batch.get(slot).image(), slots, slot, Urgency.ONLINE);
      }
      List<Inferred> inferred = embedder.infer(slots, batch.size(), Urgency.ONLINE);
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).answer().complete(inferred.get(i));
      }
    } catch (RuntimeException e) {
      batch.forEach(waiting -> waiting.answer().completeExceptionally(e));
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
