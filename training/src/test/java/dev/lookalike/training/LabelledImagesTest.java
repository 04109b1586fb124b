package dev.lookalike.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LabelledImagesTest {
  private static final InputShape SHAPE = new InputShape(1, 18, 18);

  /** 60 of a, 30 of b, 10 of c; each image has its own array. */
  private static LabelledImages images() {
    int[] labels = new int[100];
    java.util.Arrays.fill(labels, 60, 90, 1);
    java.util.Arrays.fill(labels, 90, 100, 2);
    return new LabelledImages(SHAPE, List.of("a", "b", "c"), new byte[100][SHAPE.size()], labels);
  }

  @Test
  void aLimitIsKeptExactlyAndByClass() {
    LabelledImages some = images().limitedTo(33, 1);
    assertThat(some.count()).isEqualTo(33);
    assertThat(some.perClass()[0]).isBetween(19, 21);
    assertThat(some.perClass()[1]).isBetween(9, 11);
    assertThat(some.perClass()[2]).isBetween(3, 4);
    assertThat(images().limitedTo(100, 1).count()).isEqualTo(100);
  }

  @Test
  void noImageIsInBothParts() {
    LabelledImages.Parts parts = images().split(0.8, 1);
    assertThat(parts.train().perClass()).containsExactly(48, 24, 8);
    assertThat(parts.test().perClass()).containsExactly(12, 6, 2);
    Set<Integer> identities = new HashSet<>();
    for (LabelledImages part : List.of(parts.train(), parts.test())) {
      for (byte[] image : part.pixels()) {
        identities.add(System.identityHashCode(image));
      }
    }
    assertThat(identities).hasSize(100);
  }

  @Test
  void aClassWithoutImagesIsSaid() {
    LabelledImages few = images().limitedTo(2, 1);
    assertThatThrownBy(() -> new LabelledImages.Parts(few, images()).checked())
        .isInstanceOf(TrainingFailure.class)
        .hasMessageContaining("no image to train on for the class");
  }
}
