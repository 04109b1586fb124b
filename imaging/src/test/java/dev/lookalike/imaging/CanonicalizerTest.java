package dev.lookalike.imaging;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.imaging.opencv.OpenCv;
import org.junit.jupiter.api.Test;

class CanonicalizerTest {
  @Test
  void shrinksIntoTheBounds() {
    byte[] rgb = new byte[2000 * 1500 * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 6000);
    }
    byte[] jpeg = OpenCv.encodeJpeg(rgb, 2000, 1500, 90);
    CanonicalResult result = Canonicalizer.canonicalize(jpeg, ImageLimits.DEFAULT, Bounds.DEFAULT);
    assertThat(result).isInstanceOf(CanonicalResult.Canonical.class);
    CanonicalResult.Canonical canonical = (CanonicalResult.Canonical) result;
    assertThat(canonical.image().width()).isEqualTo(682);
    assertThat(canonical.image().height()).isEqualTo(512);
    assertThat(canonical.originalWidth()).isEqualTo(2000);
    assertThat(CanonicalDecoder.decode(canonical.image().jpeg()))
        .isInstanceOf(DecodeResult.Decoded.class);
  }
}
