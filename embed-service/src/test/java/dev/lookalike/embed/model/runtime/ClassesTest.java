package dev.lookalike.embed.model.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.embed.model.runtime.OnnxModel.ClassProbability;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClassesTest {
  private static List<String> labels(int count) {
    return IntStream.range(0, count).mapToObj(i -> "class " + i).toList();
  }

  /** By sorting all of them; many are equal. */
  @Test
  void theBestAreThoseOfASoftmaxOverAll() {
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      int classes = 1 + random.nextInt(20);
      float[] logits = new float[classes + 3];
      for (int i = 0; i < logits.length; i++) {
        logits[i] = random.nextInt(8) / 2f - 2;
      }
      double sum = 0;
      double max = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < classes; i++) {
        max = Math.max(max, logits[3 + i]);
      }
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < classes; i++) {
        sum += Math.exp(logits[3 + i] - max);
        order.add(i);
      }
      order.sort(Comparator.comparing((Integer i) -> -logits[3 + i]));
      List<ClassProbability> expected = new ArrayList<>();
      for (int i : order.subList(0, Math.min(5, classes))) {
        expected.add(
            new ClassProbability("class " + i, (float) (Math.exp(logits[3 + i] - max) / sum)));
      }
      assertThat(Classes.best(FloatBuffer.wrap(logits), 3, labels(classes), 5)).isEqualTo(expected);
    }
  }

  @Test
  void nothingIsSaidOfLogitsThatAreNoNumbers() {
    FloatBuffer logits = FloatBuffer.wrap(new float[] {1, Float.NaN, 2});
    assertThat(Classes.best(logits, 0, labels(3), 5)).isEmpty();
    assertThat(Classes.best(logits, 2, labels(1), 5))
        .containsExactly(new ClassProbability("class 0", 1));
  }
}
