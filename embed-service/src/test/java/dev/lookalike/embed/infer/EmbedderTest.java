package dev.lookalike.embed.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lookalike.embed.metrics.EmbedMetrics.Urgency;
import dev.lookalike.embed.model.runtime.OnnxModel;
import dev.lookalike.embed.model.runtime.PixelBuffer;
import dev.lookalike.embed.model.runtime.TestModels;
import dev.lookalike.imaging.RgbImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedderTest {
  @TempDir Path work;

  private static RgbImage noise(int seed) {
    byte[] rgb = new byte[50 * 40 * 3];
    new Random(seed).nextBytes(rgb);
    return new RgbImage(50, 40, rgb);
  }

  @Test
  void aBatchOfNEqualsNSingles() throws InterruptedException {
    try (OnnxModel model = OnnxModel.load(Path.of("src/test/resources/goldens/clip"), 1)) {
      Embedder embedder = TestEmbedders.of(model, 16);
      PixelBuffer slots = embedder.slots();
      for (int n : new int[] {1, 2, 3, 7, 11, 16}) {
        for (int i = 0; i < n; i++) {
          embedder.prepare(noise(i), slots, i, Urgency.BULK);
        }
        List<Inferred> together = embedder.infer(slots, n, Urgency.BULK);
        assertThat(together).hasSize(n);
        PixelBuffer single = embedder.slots();
        for (int i = 0; i < n; i++) {
          embedder.prepare(noise(i), single, 0, Urgency.BULK);
          assertSame(together.get(i), embedder.infer(single, 1, Urgency.BULK).getFirst());
        }
      }
    }
  }

  private static RgbImage plain(int level) {
    byte[] rgb = new byte[16 * 16 * 3];
    Arrays.fill(rgb, (byte) level);
    return new RgbImage(16, 16, rgb);
  }

  private static List<Inferred> inferred(Embedder embedder, int... levels)
      throws InterruptedException {
    PixelBuffer slots = embedder.slots();
    for (int i = 0; i < levels.length; i++) {
      embedder.prepare(plain(levels[i]), slots, i, Urgency.BULK);
    }
    return embedder.infer(slots, levels.length, Urgency.BULK);
  }

  /** As on a device that is out of memory for large batches. */
  @Test
  void aBatchThatIsTooLargeIsHalvedAndItsSizeIsRemembered() throws Exception {
    try (OnnxModel model = OnnxModel.load(TestModels.failsBeyondTwo(work), 1)) {
      assertThat(model.maxBatchSize()).isGreaterThan(2);
      Embedder embedder = TestEmbedders.of(model, 16);
      for (int round = 0; round < 2; round++) {
        assertThat(inferred(embedder, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))
            .hasSize(11)
            .allMatch(each -> each instanceof Inferred.Embedding);
      }
      assertThat(embedder.bulkBatchSize(16)).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void anImageThatTheModelCannotTakeHarmsNoOther() throws Exception {
    try (OnnxModel model = OnnxModel.load(TestModels.failsOnWhite(work), 1)) {
      Embedder embedder = TestEmbedders.of(model, 8);
      List<Inferred> found = inferred(embedder, 1, 2, 3, 4, 5, 255, 7, 8);
      for (int i = 0; i < found.size(); i++) {
        if (i == 5) {
          assertThat(((Inferred.Failed) found.get(i)).failure())
              .isEqualTo(Inferred.Failure.MODEL_FAILED);
        } else {
          assertThat(found.get(i)).as("image %d", i).isInstanceOf(Inferred.Embedding.class);
        }
      }
      // It was not the size: the next batch is whole again.
      for (int i = 0; i < 20; i++) {
        inferred(embedder, 1, 2, 3, 4, 5, 6, 7, 8);
      }
      assertThat(embedder.bulkBatchSize(8)).isEqualTo(8);
    }
  }

  @Test
  void aSizeThatWasTooLargeIsTriedAgainLater() {
    BatchSizer sizer = new BatchSizer(60_000_000, 16);
    sizer.measured(1, 1000);
    sizer.tooLarge(16);
    sizer.tooLarge(8);
    assertThat(sizer.next(64)).isEqualTo(4);
    for (int i = 0; i < 2 * 256; i++) {
      sizer.measured(4, 4000);
    }
    assertThat(sizer.next(64)).isEqualTo(16);
  }

  private static void assertSame(Inferred left, Inferred right) {
    float[] a = ((Inferred.Embedding) left).values();
    float[] b = ((Inferred.Embedding) right).values();
    for (int i = 0; i < a.length; i++) {
      assertThat(a[i]).isCloseTo(b[i], within(1e-6f));
    }
  }

  @Test
  void normalisesAndRefusesWhatHasNoDirection() {
    assertThat(((Inferred.Embedding) Inferred.of(new float[] {3, 4}, List.of())).values())
        .containsExactly(0.6f, 0.8f);
    assertThat(((Inferred.Failed) Inferred.of(new float[] {0, 0}, List.of())).failure())
        .isEqualTo(Inferred.Failure.EMBEDDING_ZERO);
    assertThat(((Inferred.Failed) Inferred.of(new float[] {1, Float.NaN}, List.of())).failure())
        .isEqualTo(Inferred.Failure.EMBEDDING_NOT_FINITE);
  }

  @Test
  void bulkBatchesFollowTheMeasuredTime() {
    BatchSizer sizer = new BatchSizer(60_000_000, 16);
    assertThat(sizer.next(64)).as("unmeasured").isEqualTo(1);
    sizer.measured(1, 5_000_000);
    assertThat(sizer.next(64)).isEqualTo(8);
    assertThat(sizer.next(5)).isEqualTo(4);
    for (int i = 0; i < 20; i++) {
      sizer.measured(8, 8 * 200_000_000L);
    }
    assertThat(sizer.next(64)).as("slower than the target: one by one").isEqualTo(1);
    for (int i = 0; i < 40; i++) {
      sizer.measured(1, 100_000);
    }
    assertThat(sizer.next(64)).isEqualTo(16);
  }

  @Test
  void onlineGoesAheadOfTheBulk() throws InterruptedException {
    Turnstile turnstile = new Turnstile();
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    turnstile.enter(Urgency.BULK);
    List<Thread> threads = new ArrayList<>();
    for (Urgency urgency : List.of(Urgency.BULK, Urgency.BULK, Urgency.ONLINE)) {
      CountDownLatch started = new CountDownLatch(1);
      Thread thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    started.countDown();
                    try {
                      turnstile.enter(urgency);
                      order.add(urgency.name());
                      turnstile.leave();
                    } catch (InterruptedException e) {
                      order.add("interrupted");
                    }
                  });
      started.await();
      while (thread.getState() == Thread.State.RUNNABLE) {
        Thread.onSpinWait();
      }
      threads.add(thread);
    }
    turnstile.leave();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(order).containsExactly("ONLINE", "BULK", "BULK");
  }
}
