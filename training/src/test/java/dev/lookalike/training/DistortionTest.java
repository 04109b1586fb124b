package dev.lookalike.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class DistortionTest {
  private static final InputShape SHAPE = new InputShape(3, 20, 24);

  private static float[] picture() {
    float[] picture = new float[SHAPE.size()];
    for (int i = 0; i < picture.length; i++) {
      picture[i] = (i * 37 % 101) / 100f;
    }
    return picture;
  }

  @Test
  void noneChangesNothing() {
    assertThat(Distortion.NONE.apply(picture(), SHAPE, new Random(1)))
        .usingComparatorWithPrecision(1e-6f)
        .containsExactly(picture());
  }

  @Test
  void flipMirrorsEachRowOfEachChannel() {
    float[] flipped = Distortion.NONE.withFlip(1).apply(picture(), SHAPE, new Random(1));
    for (int row = 0; row < 60; row++) {
      for (int x = 0; x < 24; x++) {
        assertThat(flipped[row * 24 + x]).isCloseTo(picture()[row * 24 + 23 - x], within(1e-5f));
      }
    }
  }

  @Test
  void invertMakesWhiteBlack() {
    float[] inverted = Distortion.NONE.withInvert(1).apply(picture(), SHAPE, new Random(1));
    assertThat(inverted[5]).isCloseTo(1 - picture()[5], within(1e-6f));
  }

  /** A dot right of the middle keeps its distance from it and stays within the given angle. */
  @Test
  void rotationTurnsAboutTheMiddle() {
    InputShape shape = new InputShape(1, 41, 41);
    Random random = new Random(3);
    double most = 0;
    for (int i = 0; i < 50; i++) {
      float[] picture = new float[shape.size()];
      picture[20 * 41 + 35] = 1;
      float[] turned = Distortion.NONE.withRotation(30).apply(picture, shape, random);
      double mass = 0;
      double x = 0;
      double y = 0;
      for (int j = 0; j < turned.length; j++) {
        mass += turned[j];
        x += turned[j] * (j % 41 - 20);
        y += turned[j] * (j / 41 - 20);
      }
      assertThat(Math.hypot(x / mass, y / mass)).isCloseTo(15, within(0.6));
      most = Math.max(most, Math.abs(Math.toDegrees(Math.atan2(y, x))));
    }
    assertThat(most).isBetween(24.0, 32.0);
  }

  @Test
  void aCropEnlargesWhatIsLeft() {
    InputShape shape = new InputShape(1, 40, 40);
    float[] ramp = new float[shape.size()];
    for (int i = 0; i < ramp.length; i++) {
      ramp[i] = i % 40 / 39f;
    }
    Random random = new Random(5);
    float steepest = 1;
    for (int i = 0; i < 50; i++) {
      float[] cropped = Distortion.NONE.withCrop(0.5).apply(ramp, shape, random);
      float range = cropped[39] - cropped[0];
      assertThat(range).isBetween(0.48f, 1f);
      steepest = Math.min(steepest, range);
    }
    assertThat(steepest).isLessThan(0.6f);
  }

  @Test
  void theSameChanceGivesTheSamePicture() {
    float[] once = Distortion.SIGNS.apply(picture(), SHAPE, new Random(9));
    assertThat(Distortion.SIGNS.apply(picture(), SHAPE, new Random(9))).containsExactly(once);
    assertThat(Distortion.SIGNS.apply(picture(), SHAPE, new Random(8))).isNotEqualTo(once);
    for (float value : once) {
      assertThat(value).isBetween(0f, 1f);
    }
  }
}
