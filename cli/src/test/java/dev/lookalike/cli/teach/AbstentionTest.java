package dev.lookalike.cli.teach;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AbstentionTest {
  private static Judged judged(int fold, boolean right, double probability, double similarity) {
    return new Judged(fold, 0, right ? 0 : 1, probability, similarity);
  }

  @Test
  void theSmallestThresholdWithThePrecisionIsChosen() {
    List<Judged> heldOut =
        List.of(
            judged(0, true, 0.9, 1),
            judged(0, true, 0.8, 1),
            judged(1, false, 0.7, 1),
            judged(1, true, 0.6, 1),
            judged(0, false, 0.5, 1),
            judged(1, false, 0.4, 1));
    assertThat(Abstention.choose(heldOut, 0.75, 0)).contains(new Abstention(0.6, -1));
    assertThat(Abstention.choose(heldOut, 0.9, 0)).contains(new Abstention(0.8, -1));
    assertThat(Abstention.choose(heldOut, 0, 0)).contains(new Abstention(0, -1));
  }

  @Test
  void equalProbabilitiesStandOrFallTogether() {
    List<Judged> heldOut =
        List.of(judged(0, true, 0.9, 1), judged(0, true, 0.8, 1), judged(0, false, 0.8, 1));
    assertThat(Abstention.choose(heldOut, 0.95, 0)).contains(new Abstention(0.9, -1));
  }

  @Test
  void aPrecisionThatNothingGivesIsSaidToBeSo() {
    List<Judged> heldOut = List.of(judged(0, false, 0.9, 1), judged(0, true, 0.8, 1));
    assertThat(Abstention.choose(heldOut, 0.95, 0)).isEmpty();
  }

  @Test
  void theGateTurnsAwayItsShareBeforeTheThresholdIsChosen() {
    List<Judged> heldOut = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      heldOut.add(judged(i % 5, i >= 10, 0.5 + i / 1000.0, i / 100.0));
    }
    Abstention chosen = Abstention.choose(heldOut, 0.99, 0.1).orElseThrow();
    assertThat(chosen.minSimilarity()).isEqualTo(0.1);
    assertThat(chosen.threshold()).isCloseTo(0.51, within(1e-9));
    assertThat(chosen.admits(judged(0, true, 0.99, 0.05))).isFalse();
  }

  @Test
  void noImageJudgesAThresholdThatItHadAPartIn() {
    // The fold whose images are all wrong is judged by the choice made on the others.
    List<Judged> heldOut = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      heldOut.add(judged(i % 5, i % 5 != 0, 0.9, 1));
    }
    Abstention.Outcome expected = Abstention.expected(heldOut, 0.95, 0);
    assertThat(expected).isEqualTo(new Abstention.Outcome(50, 10, 0));
    assertThat(Abstention.choose(heldOut, 0.95, 0)).isEqualTo(Optional.empty());
  }

  /** Newcombe (1998), two-sided confidence intervals for the single proportion, method 3. */
  @Test
  void theIntervalIsWilsons() {
    assertThat(new Proportion(81, 263).low()).isCloseTo(0.2553, within(1e-4));
    assertThat(new Proportion(81, 263).high()).isCloseTo(0.3662, within(1e-4));
    assertThat(new Proportion(0, 20).low()).isEqualTo(0);
    assertThat(new Proportion(0, 20).high()).isCloseTo(0.1611, within(1e-4));
    assertThat(new Proportion(29, 29).low()).isCloseTo(0.8830, within(1e-4));
  }

  @Test
  void thePictureShowsWhatWasTakenForWhat(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("new").resolve("confusion.png");
    ConfusionPicture.write(file, List.of("hat", "shoe"), new int[][] {{9, 0}, {4, 5}}, "title");
    BufferedImage picture = ImageIO.read(file.toFile());
    int white = 0xffffffff;
    assertThat(picture.getRGB(152, 152)).isNotEqualTo(white);
    assertThat(picture.getRGB(152 + 44, 152)).isEqualTo(white);
    assertThat(picture.getRGB(152, 152 + 44)).isNotIn(white, picture.getRGB(152, 152));
  }
}
