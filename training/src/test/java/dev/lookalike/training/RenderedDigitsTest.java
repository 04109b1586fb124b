package dev.lookalike.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Font;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenderedDigitsTest {
  @TempDir Path folder = Path.of("");

  private static final Map<String, List<Font>> DESIGNS = RenderedDigits.designs(Optional.empty());

  @Test
  void fontsOfOneFamilyAreOneDesign() {
    DESIGNS.forEach(
        (design, fonts) -> {
          assertThat(fonts).isNotEmpty();
          assertThat(design).doesNotContain("Bold", "Condensed", "Narrow", "Light");
        });
  }

  @Test
  void digitsLieAsThoseOfMnist() {
    LabelledImages digits = new RenderedDigits(0, 1).draw(20, DESIGNS.values());
    assertThat(digits.labels()).startsWith(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0);
    for (byte[] digit : digits.pixels()) {
      double mass = 0;
      double x = 0;
      double y = 0;
      int top = 28;
      int bottom = 0;
      for (int i = 0; i < digit.length; i++) {
        int value = digit[i] & 0xff;
        mass += value;
        x += value * (i % 28 + 0.5);
        y += value * (i / 28 + 0.5);
        if (value > 40) {
          top = Math.min(top, i / 28);
          bottom = Math.max(bottom, i / 28);
        }
      }
      assertThat(x / mass).isBetween(13.5, 14.5);
      assertThat(y / mass).isBetween(13.5, 14.5);
      assertThat(bottom - top + 1).isBetween(18, 23);
      assertThat(digit[0]).isZero();
    }
  }

  @Test
  void theSeedDecidesTheDigits() {
    byte[] once = new RenderedDigits(1, 5).draw(10, DESIGNS.values()).pixels()[9];
    assertThat(new RenderedDigits(1, 5).draw(10, DESIGNS.values()).pixels()[9]).isEqualTo(once);
    assertThat(new RenderedDigits(1, 6).draw(10, DESIGNS.values()).pixels()[9]).isNotEqualTo(once);
  }

  @Test
  void aFolderWithoutFontsIsSaid() {
    assertThatThrownBy(() -> RenderedDigits.designs(Optional.of(folder)))
        .isInstanceOf(TrainingFailure.class)
        .hasMessageContaining("no font with digits in " + folder);
  }
}
