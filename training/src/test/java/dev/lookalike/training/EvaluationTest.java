package dev.lookalike.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class EvaluationTest {
  private static final InputShape SHAPE = new InputShape(1, 18, 18);

  /** Five images of a, b, b, c, c, predicted as a, b, a, c, b. */
  private static Evaluation evaluation() {
    LabelledImages images =
        new LabelledImages(
            SHAPE, List.of("a", "b", "c"), new byte[5][SHAPE.size()], new int[] {0, 1, 1, 2, 2});
    float[] logits = {3, 1, 2, -1, 0, -2, 5, 4, 1, 0, 0, .1f, 0, 9, 1};
    return Evaluation.of(images, logits);
  }

  @Test
  void rowsAreTheTruthAndColumnsWhatWasFound() {
    Evaluation evaluation = evaluation();
    assertThat(evaluation.confusion()).isDeepEqualTo(new int[][] {{1, 0, 0}, {1, 1, 0}, {0, 1, 1}});
    assertThat(evaluation.accuracy()).isEqualTo(3 / 5.0);
    assertThat(evaluation.precision(0)).isEqualTo(1 / 2.0);
    assertThat(evaluation.recall(0)).isEqualTo(1);
    assertThat(evaluation.precision(2)).isEqualTo(1);
    assertThat(evaluation.recall(2)).isEqualTo(1 / 2.0);
    assertThat(evaluation.images()).isEqualTo(5);
  }

  @Test
  void theTableHasALineForEachClass() {
    assertThat(evaluation().table().lines())
        .hasSize(5)
        .anyMatch(line -> line.matches("b +0\\.5000 +0\\.5000 +2"));
  }
}
