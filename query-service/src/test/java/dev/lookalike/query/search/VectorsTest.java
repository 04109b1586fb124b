package dev.lookalike.query.search;

import static dev.lookalike.query.search.Requests.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.query.search.Vectors.Weighted;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VectorsTest {
  private static final Offset<Float> TINY = Offset.offset(1e-6f);
  private static final float DIAGONAL = (float) Math.sqrt(0.5);

  private static Weighted weighted(double weight, float... vector) {
    return new Weighted(vector, weight);
  }

  @Test
  void aVectorIsMadeOfUnitLength() {
    assertThat(Vectors.unit(List.of(3f, -4f), 2, ErrorCode.INVALID_VECTOR))
        .containsExactly(new float[] {0.6f, -0.8f}, TINY);
  }

  @Test
  void aVectorHasTheDimensionOfTheModel() {
    RefusedException refused =
        refusal(() -> Vectors.unit(List.of(1f), 2, ErrorCode.EMBED_UNAVAILABLE));
    assertThat(refused.code()).isEqualTo(ErrorCode.EMBED_UNAVAILABLE);
    assertThat(refused.detail()).isEqualTo("The vector has 1 dimensions, the model 2.");
  }

  @ParameterizedTest
  @ValueSource(floats = {0, Float.NaN, Float.POSITIVE_INFINITY})
  void aVectorHasADirection(float value) {
    RefusedException refused =
        refusal(() -> Vectors.unit(List.of(value, 0f), 2, ErrorCode.INVALID_VECTOR));
    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_VECTOR);
  }

  @Test
  void onePositiveIsTheQuery() {
    assertThat(Vectors.combine(List.of(weighted(5, 0, 1)), List.of(), 2))
        .containsExactly(new float[] {0, 1}, TINY);
  }

  @Test
  void positivesAreAveragedByWeight() {
    assertThat(Vectors.combine(List.of(weighted(1, 1, 0), weighted(1, 0, 1)), List.of(), 2))
        .containsExactly(new float[] {DIAGONAL, DIAGONAL}, TINY);
    assertThat(Vectors.combine(List.of(weighted(3, 1, 0), weighted(4, 0, 1)), List.of(), 2))
        .containsExactly(new float[] {0.6f, 0.8f}, TINY);
  }

  @Test
  void negativesAreTakenAwayHalfAsMuch() {
    // 2 (1, 0) - (0, 1), both normalised before, whatever their weights are.
    float length = (float) Math.sqrt(5);
    assertThat(Vectors.combine(List.of(weighted(9, 1, 0)), List.of(weighted(0.1, 0, 1)), 2))
        .containsExactly(new float[] {2 / length, -1 / length}, TINY);
    assertThat(
            Vectors.combine(
                List.of(weighted(1, 1, 0)),
                List.of(weighted(1, 0, 1), weighted(1, 0, -1), weighted(1, 0, 1)),
                2))
        .containsExactly(new float[] {2 / length, -1 / length}, TINY);
  }

  @Test
  void examplesThatCancelOutAreRefused() {
    // The first is what float32 leaves of a unit vector, so that rounding has no say.
    Weighted one = weighted(1, 0.6f, 0.8f);
    Weighted opposite = weighted(1, -0.6f, -0.8f + 1e-7f);
    RefusedException refused = refusal(() -> Vectors.combine(List.of(one, opposite), List.of(), 2));
    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_VECTOR);
    assertThat(refused.detail()).isEqualTo("The positive examples cancel each other out.");
    assertThat(refusal(() -> Vectors.combine(List.of(one), List.of(one, opposite), 2)).detail())
        .isEqualTo("The negative examples cancel each other out.");
  }

  @Test
  void aQueryMayPointAwayFromItsNegatives() {
    // 2 P - N is never shorter than 1: positives and negatives alone cannot cancel out.
    assertThat(Vectors.combine(List.of(weighted(1, 1, 0)), List.of(weighted(1, 1, 0)), 2))
        .containsExactly(new float[] {1, 0}, TINY);
  }
}
