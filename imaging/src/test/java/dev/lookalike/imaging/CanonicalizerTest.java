package dev.lookalike.imaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lookalike.imaging.opencv.OpenCv;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CanonicalizerTest {
  /** Levels that chroma subsampling and two quantisations of JPEG may cost on flat colours. */
  private static final int TOLERANCE = 4;

  static List<String> fixtures() throws IOException {
    return new String(resource("expected.tsv"), StandardCharsets.UTF_8).lines().toList();
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void seesWhatPillowSees(String expected) throws IOException {
    String[] fields = expected.split("\t", -1);
    CanonicalResult.Canonical canonical = canonical(resource(fields[0]));
    int width = Integer.parseInt(fields[1]);
    int height = Integer.parseInt(fields[2]);
    assertThat(canonical.originalWidth()).isEqualTo(width);
    assertThat(canonical.originalHeight()).isEqualTo(height);
    assertThat(canonical.image().width()).isEqualTo(width);
    assertThat(canonical.image().height()).isEqualTo(height);
    RgbImage image = decoded(canonical);
    for (int quarter = 0; quarter < 4; quarter++) {
      String[] colour = fields[3 + quarter].split(",", -1);
      int x = (1 + quarter % 2 * 2) * width / 4;
      int y = (1 + quarter / 2 * 2) * height / 4;
      for (int c = 0; c < 3; c++) {
        assertThat(image.rgb()[(y * width + x) * 3 + c] & 0xff)
            .as("quarter %d, channel %d", quarter, c)
            .isCloseTo(Integer.parseInt(colour[c]), within(TOLERANCE));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"exif-6.jpg", "exif-6.png", "exif-6.webp", "exif-6.tiff", "icc.png"})
  void dropsMetadata(String name) throws IOException {
    byte[] jpeg = canonical(resource(name)).image().jpeg();
    String text = new String(jpeg, StandardCharsets.ISO_8859_1);
    assertThat(text).doesNotContain("Exif").doesNotContain("ICC_PROFILE").doesNotContain("http");
  }

  @ParameterizedTest
  @CsvSource({
    "2000, 1500, 682, 512",
    "1500, 2000, 512, 682",
    "512, 400, 512, 400",
    "513, 513, 512, 512",
    "1, 1, 1, 1",
    "20000, 600, 4096, 123",
    "600, 20000, 123, 4096",
    "65500, 256, 4096, 16",
    "65500, 1, 4096, 1",
  })
  void boundsBothSides(int width, int height, int fittedWidth, int fittedHeight) {
    CanonicalImage image = canonical(jpeg(gradient(width, height), 90)).image();
    assertThat(image.width()).isEqualTo(fittedWidth);
    assertThat(image.height()).isEqualTo(fittedHeight);
    RgbImage decoded = decoded(image.jpeg());
    assertThat(decoded.width()).isEqualTo(fittedWidth);
    assertThat(decoded.height()).isEqualTo(fittedHeight);
  }

  @Test
  void writesFourTwoZeroWithoutRestartMarkersOrThumbnails() {
    byte[] jpeg = canonical(jpeg(gradient(100, 80), 90)).image().jpeg();
    int frame = indexOf(jpeg, new byte[] {(byte) 0xff, (byte) 0xc0});
    assertThat(jpeg[frame + 9]).as("components").isEqualTo((byte) 3);
    assertThat(jpeg[frame + 11]).as("sampling of luma").isEqualTo((byte) 0x22);
    assertThat(jpeg[frame + 14]).as("sampling of chroma").isEqualTo((byte) 0x11);
  }

  @Test
  void keepsFineDetailOfLargeImages() {
    RgbImage large = Renderings.texture(2600, 2000);
    RgbImage direct = Resampler.resize(large, 332, 256, Resampling.BILINEAR);
    RgbImage canonical = decoded(canonical(jpeg(large, 95)));
    RgbImage through = Resampler.resize(canonical, 332, 256, Resampling.BILINEAR);
    long sum = 0;
    for (int i = 0; i < direct.rgb().length; i++) {
      sum += Math.abs((direct.rgb()[i] & 0xff) - (through.rgb()[i] & 0xff));
    }
    assertThat((double) sum / direct.rgb().length).isLessThan(7);
  }

  @Test
  void lowersTheQualityUntilTheBytesFit() {
    byte[] original = jpeg(Renderings.texture(800, 600), 90);
    int full = canonical(original).image().jpeg().length;
    CanonicalResult smaller =
        Canonicalizer.canonicalize(
            original, ImageLimits.DEFAULT, new Bounds(512, 4096, 90, full / 2));
    assertThat(smaller).isInstanceOf(CanonicalResult.Canonical.class);
    assertThat(((CanonicalResult.Canonical) smaller).image().jpeg().length)
        .isLessThanOrEqualTo(full / 2);
    CanonicalResult none =
        Canonicalizer.canonicalize(original, ImageLimits.DEFAULT, new Bounds(512, 4096, 90, 500));
    assertThat(reason(none)).isEqualTo(RefusalReason.NOT_ENCODABLE);
  }

  @Test
  void cutsTheRegionBeforeItShrinks() {
    RgbImage image = gradient(2000, 1000);
    CanonicalResult.Canonical part =
        (CanonicalResult.Canonical)
            Canonicalizer.canonicalize(
                jpeg(image, 95),
                ImageLimits.DEFAULT,
                Bounds.DEFAULT,
                new Region(0.5f, 0.25f, 0.2f, 0.3f));
    assertThat(part.image().width()).isEqualTo(400);
    assertThat(part.image().height()).isEqualTo(300);
    assertThat(part.originalWidth()).isEqualTo(2000);
    RgbImage decoded = decoded(part);
    for (int y = 10; y < 300; y += 70) {
      for (int x = 10; x < 400; x += 70) {
        assertThat(decoded.rgb()[(y * 400 + x) * 3] & 0xff)
            .isCloseTo(image.rgb()[((y + 250) * 2000 + x + 1000) * 3] & 0xff, within(4));
      }
    }
  }

  @Test
  void countsRegionsInTheUprightImage() throws IOException {
    // Each file shows the same quarters; its lower right one is 220, 200, 90.
    for (int orientation = 1; orientation <= 8; orientation++) {
      CanonicalResult.Canonical part =
          (CanonicalResult.Canonical)
              Canonicalizer.canonicalize(
                  resource("exif-" + orientation + ".jpg"),
                  ImageLimits.DEFAULT,
                  Bounds.DEFAULT,
                  new Region(0.5f, 0.5f, 0.5f, 0.5f));
      assertThat(part.image().width()).isEqualTo(32);
      assertThat(part.image().height()).isEqualTo(24);
      RgbImage image = decoded(part);
      int centre = (12 * 32 + 16) * 3;
      assertThat(image.rgb()[centre] & 0xff).isCloseTo(220, within(TOLERANCE));
      assertThat(image.rgb()[centre + 2] & 0xff).isCloseTo(90, within(TOLERANCE));
    }
  }

  @Test
  void refusesARegionWithoutPixels() {
    assertThat(
            reason(
                Canonicalizer.canonicalize(
                    jpeg(gradient(10, 10), 90),
                    ImageLimits.DEFAULT,
                    Bounds.DEFAULT,
                    new Region(0.5f, 0.5f, 0.01f, 0.01f))))
        .isEqualTo(RefusalReason.TOO_SMALL);
    assertThat(Region.isValid(0, 0, 1, 1)).isTrue();
    assertThat(Region.isValid(0.7f, 0, 0.3f, 1)).isTrue();
    assertThat(Region.isValid(0.8f, 0, 0.3f, 1)).isFalse();
    assertThat(Region.isValid(Float.NaN, 0, 0.3f, 1)).isFalse();
  }

  @Test
  void refusesByBytesAndContent() {
    assertThat(reason(new byte[0])).isEqualTo(RefusalReason.EMPTY);
    assertThat(
            reason(
                Canonicalizer.canonicalize(
                    new byte[101], new ImageLimits(100, 100), Bounds.DEFAULT)))
        .isEqualTo(RefusalReason.TOO_MANY_BYTES);
    assertThat(reason("hello, world, no image here".getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(RefusalReason.UNKNOWN_FORMAT);
    assertThat(reason(ascii("\0\0\0\30ftypheic\0\0\0\0mif1heic"))).isEqualTo(RefusalReason.HEIC);
    assertThat(reason(ascii("\0\0\0\34ftypavif\0\0\0\0mif1avif"))).isEqualTo(RefusalReason.AVIF);
    assertThat(reason(ascii("\0\0\0\34ftypmif1\0\0\0\0avifmiaf"))).isEqualTo(RefusalReason.AVIF);
    assertThat(reason(ascii("\0\0\0\30ftypisom\0\0\0\0mp41mp42")))
        .isEqualTo(RefusalReason.UNSUPPORTED_FORMAT);
    assertThat(reason(ascii("%PDF-1.7 and so on"))).isEqualTo(RefusalReason.UNSUPPORTED_FORMAT);
    assertThat(reason(ascii("8BPS\0\1"))).isEqualTo(RefusalReason.UNSUPPORTED_FORMAT);
  }

  @Test
  void refusesBombsByTheirHeaders() {
    byte[] png = resourceOrFail("grey.png");
    ByteBuffer.wrap(png).putInt(16, 60_000).putInt(20, 60_000);
    assertThat(reason(png)).isEqualTo(RefusalReason.TOO_MANY_PIXELS);
    byte[] huge = resourceOrFail("grey.png");
    ByteBuffer.wrap(huge).putInt(16, -1).putInt(20, -1);
    assertThat(reason(huge)).isEqualTo(RefusalReason.TOO_MANY_PIXELS);
    byte[] wide = resourceOrFail("rgb-16.png");
    ByteBuffer.wrap(wide).putInt(16, 49_000_000).putInt(20, 1);
    assertThat(reason(wide)).isEqualTo(RefusalReason.TOO_MANY_PIXELS);
    byte[] gif = resourceOrFail("palette.gif");
    ByteBuffer.wrap(gif)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort(6, (short) 65_535)
        .putShort(8, (short) 65_535);
    assertThat(reason(gif)).isEqualTo(RefusalReason.TOO_MANY_PIXELS);
    byte[] bmp = resourceOrFail("rgb.bmp");
    ByteBuffer.wrap(bmp).order(ByteOrder.LITTLE_ENDIAN).putInt(18, 1 << 20).putInt(22, 1 << 20);
    assertThat(reason(bmp)).isEqualTo(RefusalReason.TOO_MANY_PIXELS);
    byte[] jpeg = jpeg(gradient(40, 30), 90);
    int frame = indexOf(jpeg, new byte[] {(byte) 0xff, (byte) 0xc0});
    ByteBuffer.wrap(jpeg).putShort(frame + 5, (short) 65_000).putShort(frame + 7, (short) 65_000);
    assertThat(reason(jpeg)).isEqualTo(RefusalReason.TOO_MANY_PIXELS);
    assertThat(
            reason(
                Canonicalizer.canonicalize(
                    jpeg(gradient(101, 100), 90),
                    new ImageLimits(1 << 20, 10_000),
                    Bounds.DEFAULT)))
        .isEqualTo(RefusalReason.TOO_MANY_PIXELS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "exif-1.jpg",
        "rgb-16.png",
        "interlaced.png",
        "palette.gif",
        "lossy.webp",
        "lossless.webp",
        "progressive.jpg"
      })
  void refusesTruncatedFiles(String name) throws IOException {
    byte[] whole = resource(name);
    for (int share = 25; share < 95; share += 15) {
      byte[] part = Arrays.copyOf(whole, whole.length * share / 100);
      assertThat(reason(part)).as("%d %% of %s", share, name).isEqualTo(RefusalReason.TRUNCATED);
    }
  }

  @Test
  void neverThrowsOnDamagedFilesAndIsDeterministic() throws IOException {
    Random random = new Random(3);
    Bounds small = new Bounds(64, 128, 80, 1 << 16);
    ImageLimits limits = new ImageLimits(1 << 20, 1_000_000);
    for (String fixture : fixtures()) {
      byte[] whole = resource(fixture.split("\t", -1)[0]);
      for (int round = 0; round < 12; round++) {
        byte[] damaged = whole.clone();
        for (int i = 0; i <= round; i++) {
          damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
        }
        CanonicalResult first = Canonicalizer.canonicalize(damaged, limits, small);
        CanonicalResult second = Canonicalizer.canonicalize(damaged, limits, small);
        if (first instanceof CanonicalResult.Canonical canonical) {
          assertThat(Math.min(canonical.image().width(), canonical.image().height()))
              .isLessThanOrEqualTo(64);
          assertThat(Math.max(canonical.image().width(), canonical.image().height()))
              .isLessThanOrEqualTo(128);
          assertThat(canonical.image().jpeg())
              .isEqualTo(((CanonicalResult.Canonical) second).image().jpeg());
        } else {
          assertThat(first).isEqualTo(second);
        }
      }
    }
  }

  @Test
  void decodesNothingButCanonicalImages() throws IOException {
    assertThat(CanonicalDecoder.decode(resource("grey.png")))
        .isInstanceOf(DecodeResult.Refused.class);
    assertThat(CanonicalDecoder.decode(new byte[0])).isInstanceOf(DecodeResult.Refused.class);
    byte[] jpeg = canonical(jpeg(gradient(100, 80), 90)).image().jpeg();
    assertThat(CanonicalDecoder.decode(Arrays.copyOf(jpeg, jpeg.length / 2)))
        .isInstanceOf(DecodeResult.Refused.class);
  }

  @Test
  void makesThumbnails() {
    byte[] canonical = canonical(jpeg(gradient(300, 200), 90)).image().jpeg();
    RgbImage thumbnail = decoded(Thumbnails.jpeg(canonical, 100));
    assertThat(thumbnail.width()).isEqualTo(100);
    assertThat(thumbnail.height()).isEqualTo(67);
    assertThat(decoded(Thumbnails.jpeg(canonical, 1000)).width()).isEqualTo(300);
  }

  static RgbImage gradient(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    int at = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        rgb[at++] = (byte) (x * 255L / width);
        rgb[at++] = (byte) (y * 255L / height);
        rgb[at++] = (byte) 128;
      }
    }
    return new RgbImage(width, height, rgb);
  }

  static byte[] jpeg(RgbImage image, int quality) {
    return OpenCv.encodeJpeg(image.rgb(), image.width(), image.height(), quality);
  }

  static CanonicalResult.Canonical canonical(byte[] bytes) {
    CanonicalResult result = Canonicalizer.canonicalize(bytes, ImageLimits.DEFAULT, Bounds.DEFAULT);
    assertThat(result).isInstanceOf(CanonicalResult.Canonical.class);
    return (CanonicalResult.Canonical) result;
  }

  private static RefusalReason reason(byte[] bytes) {
    return reason(Canonicalizer.canonicalize(bytes, ImageLimits.DEFAULT, Bounds.DEFAULT));
  }

  private static RefusalReason reason(CanonicalResult result) {
    assertThat(result).isInstanceOf(CanonicalResult.Refused.class);
    return ((CanonicalResult.Refused) result).reason();
  }

  private static RgbImage decoded(CanonicalResult.Canonical canonical) {
    return decoded(canonical.image().jpeg());
  }

  static RgbImage decoded(byte[] jpeg) {
    DecodeResult result = CanonicalDecoder.decode(jpeg);
    assertThat(result).isInstanceOf(DecodeResult.Decoded.class);
    return ((DecodeResult.Decoded) result).image();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static int indexOf(byte[] bytes, byte[] wanted) {
    for (int i = 0; i + wanted.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    throw new AssertionError("not found");
  }

  private static byte[] resourceOrFail(String name) {
    try {
      return resource(name);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static byte[] resource(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(CanonicalizerTest.class.getResourceAsStream(name), name)) {
      return in.readAllBytes();
    }
  }
}
