package dev.lookalike.embed.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.imaging.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class QueryBatcherTest {
  private final Semaphore permits = new Semaphore(0);
  private final CountDownLatch busy = new CountDownLatch(1);

  /** Sizes of the batches, in their order. */
  private final List<List<RgbImage>> batches = new ArrayList<>();

  private final QueryBatcher batcher = new QueryBatcher("test", 3, this::embed);

  /** The width of an image as its embedding, when the test lets it; widths above 100 fail. */
  private List<Inferred> embed(List<RgbImage> images) throws InterruptedException {
    batches.add(images);
    busy.countDown();
    permits.acquire();
    List<Inferred> inferred = new ArrayList<>();
    for (RgbImage image : images) {
      if (image.width() > 100) {
        throw new IllegalStateException("too wide");
      }
      inferred.add(new Inferred.Embedding(new float[] {image.width()}, List.of()));
    }
    return inferred;
  }

  @AfterEach
  void close() {
    batcher.close();
  }

  private static RgbImage image(int width) {
    return new RgbImage(width, 1, new byte[3 * width]);
  }

  private static float value(CompletableFuture<Inferred> answer) throws Exception {
    return ((Inferred.Embedding) answer.get(30, TimeUnit.SECONDS)).values()[0];
  }

  /** Fills the queue while the first image is with the model. */
  private List<CompletableFuture<Inferred>> behindAFirst(int... widths) throws Exception {
    List<CompletableFuture<Inferred>> answers = new ArrayList<>();
    answers.add(batcher.embed(image(1)));
    assertThat(busy.await(30, TimeUnit.SECONDS)).isTrue();
    for (int width : widths) {
      answers.add(batcher.embed(image(width)));
    }
    return answers;
  }

  @Test
  void nobodyWaitsForABatchAndThoseThatWaitRunTogether() throws Exception {
    List<CompletableFuture<Inferred>> answers = behindAFirst(2, 3, 4, 5);
    permits.release(3);
    for (int i = 0; i < 5; i++) {
      assertThat(value(answers.get(i))).isEqualTo(i + 1);
    }
    assertThat(batches).extracting(List::size).containsExactly(1, 3, 1);
  }

  @Test
  void anImageThatNobodyWaitsForIsSpared() throws Exception {
    List<CompletableFuture<Inferred>> answers = behindAFirst(2, 3);
    answers.get(1).cancel(false);
    permits.release(2);
    assertThat(value(answers.get(2))).isEqualTo(3);
    assertThat(batches.get(1)).extracting(RgbImage::width).containsExactly(3);
  }

  @Test
  void aBatchThatFailsFailsAloneAndTheNextOneRuns() throws Exception {
    List<CompletableFuture<Inferred>> answers = behindAFirst(101);
    permits.release(3);
    assertThat(value(answers.get(0))).isEqualTo(1);
    assertThatThrownBy(() -> answers.get(1).get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("too wide");
    assertThat(value(batcher.embed(image(7)))).isEqualTo(7);
  }

  @Test
  void closingCancelsWhatWaits() throws Exception {
    List<CompletableFuture<Inferred>> answers = behindAFirst(2);
    batcher.close();
    for (CompletableFuture<Inferred> answer : answers) {
      assertThatThrownBy(() -> answer.get(30, TimeUnit.SECONDS))
          .isInstanceOf(CancellationException.class);
    }
  }
}
