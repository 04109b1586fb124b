package dev.lookalike.imaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ResamplerTest {
  static List<String> goldens() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(ResamplerTest.class.getResourceAsStream("resampler.tsv"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void givesTheBytesOfPillow(String golden) {
    String[] fields = golden.split("\t", -1);
    RgbImage image = Renderings.texture(Integer.parseInt(fields[1]), Integer.parseInt(fields[2]));
    RgbImage resized =
        fields[0].equals("rendered")
            ? image
            : Resampler.resize(
                image,
                Integer.parseInt(fields[3]),
                Integer.parseInt(fields[4]),
                Resampling.valueOf(fields[0]));
    assertThat(sha256(resized.rgb())).isEqualTo(fields[5]);
  }

  @ParameterizedTest
  @EnumSource(Resampling.class)
  void croppingIsTheCropOfTheWhole(Resampling resampling) {
    RgbImage image = Renderings.texture(123, 77);
    RgbImage whole = Resampler.resize(image, 60, 90, resampling);
    RgbImage part = Resampler.resizeAndCrop(image, 60, 90, resampling, 7, 11, 40, 50);
    for (int y = 0; y < 50; y++) {
      int from = ((y + 11) * 60 + 7) * 3;
      assertThat(Arrays.copyOfRange(part.rgb(), y * 120, y * 120 + 120))
          .isEqualTo(Arrays.copyOfRange(whole.rgb(), from, from + 120));
    }
  }

  @ParameterizedTest
  @EnumSource(Resampling.class)
  void croppingWithoutResizingCutsOnly(Resampling resampling) {
    RgbImage image = Renderings.texture(20, 10);
    RgbImage part = Resampler.resizeAndCrop(image, 20, 10, resampling, 3, 2, 4, 5);
    for (int y = 0; y < 5; y++) {
      int from = ((y + 2) * 20 + 3) * 3;
      assertThat(Arrays.copyOfRange(part.rgb(), y * 12, y * 12 + 12))
          .isEqualTo(Arrays.copyOfRange(image.rgb(), from, from + 12));
    }
  }

  @Test
  void knowsPillowsCodes() {
    for (Resampling resampling : Resampling.values()) {
      assertThat(Resampling.ofCode(resampling.code())).isEqualTo(resampling);
    }
    assertThat(Resampling.ofCode(2)).isEqualTo(Resampling.BILINEAR);
    assertThatThrownBy(() -> Resampling.ofCode(6)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesWhatIsNotInTheImage() {
    RgbImage image = Renderings.texture(4, 4);
    assertThatThrownBy(() -> Resampler.resize(image, 0, 4, Resampling.BOX))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Resampler.resizeAndCrop(image, 4, 4, Resampling.BOX, 2, 0, 3, 4))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
