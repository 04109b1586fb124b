package dev.lookalike.imaging;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PerceptualHashTest {
  private final RgbImage image = Renderings.texture(400, 300);

  @Test
  void isWhatImagehashComputes() {
    // python: imagehash.phash(image), without the package: see phash.py.
    assertThat(Long.toHexString(PerceptualHash.of(image))).isEqualTo("97c19c52b55394d3");
  }

  @Test
  void isCloseForCopies() {
    long original = PerceptualHash.of(image);
    long smaller = PerceptualHash.of(Resampler.resize(image, 200, 150, Resampling.BILINEAR));
    long compressed =
        PerceptualHash.of(CanonicalizerTest.decoded(CanonicalizerTest.jpeg(image, 60)));
    assertThat(Long.bitCount(original ^ smaller)).isLessThanOrEqualTo(6);
    assertThat(Long.bitCount(original ^ compressed)).isLessThanOrEqualTo(6);
  }

  @Test
  void isFarForOthers() {
    long original = PerceptualHash.of(image);
    long other = PerceptualHash.of(CanonicalizerTest.gradient(400, 300));
    assertThat(Long.bitCount(original ^ other)).isGreaterThan(16);
  }
}
