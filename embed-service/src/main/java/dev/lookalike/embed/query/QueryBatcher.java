package dev.lookalike.embed.query;

import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.imaging.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Runs query images of one model: those that wait together, as one batch. Nobody waits for a batch
 * to fill. The queue is bounded by the admission before it. Thread-safe; one thread of its own
 * calls the model.
 */
final class QueryBatcher implements AutoCloseable {
  private final int maxBatchSize;
  private final Model model;
  private final BlockingQueue<Waiting> queue = new LinkedBlockingQueue<>();
  private final Thread thread;

  private record Waiting(RgbImage image, CompletableFuture<Inferred> answer) {}

  /** Embeds images together. */
  interface Model {
    /**
     * @param images 1 to the largest batch
     * @return one for each, in order
     * @throws InterruptedException when it is to stop
     */
    List<Inferred> embed(List<RgbImage> images) throws InterruptedException;
  }

  /**
   * @param name of the thread
   */
  QueryBatcher(String name, int maxBatchSize, Model model) {
    this.maxBatchSize = maxBatchSize;
    this.model = model;
    this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
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
    List<Waiting> batch = new ArrayList<>();
    try {
      while (true) {
        batch.clear();
        batch.add(queue.take());
        queue.drainTo(batch, maxBatchSize - 1);
        batch.removeIf(waiting -> waiting.answer().isDone());
        if (!batch.isEmpty()) {
          answer(batch);
        }
      }
    } catch (InterruptedException e) {
      batch.forEach(waiting -> waiting.answer().cancel(false));
      queue.forEach(waiting -> waiting.answer().cancel(false));
    }
  }

  private void answer(List<Waiting> batch) throws InterruptedException {
    try {
      List<Inferred> inferred = model.embed(batch.stream().map(Waiting::image).toList());
      if (inferred.size() != batch.size()) {
        throw new IllegalStateException(inferred.size() + " answers for " + batch.size());
      }
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).answer().complete(inferred.get(i));
      }
    } catch (RuntimeException e) {
      batch.forEach(waiting -> waiting.answer().completeExceptionally(e));
    }
  }

  /** Cancels what waits. */
  @Override
  public void close() {
    thread.interrupt();
  }
}
