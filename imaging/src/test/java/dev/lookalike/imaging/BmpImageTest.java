package dev.lookalike.imaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link CanonicalizerTest} does not see in its fixtures. */
class BmpImageTest {
  private static final int RAW = BmpHeader.RAW;
  private static final int RLE8 = BmpHeader.RLE8;
  private static final int RLE4 = BmpHeader.RLE4;

  @Test
  void runsOfOneColourEndWithTheirRow() {
    assertThat(numbers(8, RLE8, 9, 1, 0, 0, 4, 2)).containsExactly(2, 2, 2, 2, 1, 1, 1, 1);
  }

  @Test
  void runsOfSeveralColoursGoOnInTheNextRow() {
    assertThat(numbers(8, RLE8, 2, 9, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0, 0, 1, 1, 1))
        .as("the row that the run ends in is filled up with colour 0")
        .containsExactly(3, 4, 5, 0, 9, 9, 1, 2);
  }

  @Test
  void stepsLeaveTheFirstColour() {
    assertThat(numbers(8, RLE8, 1, 7, 0, 2, 2, 1, 1, 8)).containsExactly(0, 0, 0, 8, 7, 0, 0, 0);
  }

  @Test
  void runsOfFourBitsAlternate() {
    assertThat(numbers(4, RLE4, 3, 0x12, 1, 0x30, 0, 0, 0, 4, 0x45, 0x67))
        .containsExactly(4, 5, 6, 7, 1, 2, 1, 3);
  }

  @Test
  void numbersBeyondThePaletteAreBlack() {
    assertThat(numbers(8, RLE8, 4, 255, 0, 0, 4, 9)).containsExactly(9, 9, 9, 9, 0, 0, 0, 0);
  }

  @Test
  void runsMustReachTheLastPixel() {
    assertThat(refusal(bmp(8, RLE8, 4, 1, 0, 0, 3, 2))).isEqualTo(RefusalReason.TRUNCATED);
    assertThat(refusal(bmp(8, RLE8, 4, 1, 0, 1, 0, 0))).isEqualTo(RefusalReason.TRUNCATED);
    assertThat(refusal(bmp(8, RLE8, 4, 1, 0, 4, 2))).isEqualTo(RefusalReason.TRUNCATED);
    assertThat(refusal(bmp(8, RLE8, 4, 1, 0, 2, 2))).isEqualTo(RefusalReason.TRUNCATED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"os2", "bits-1", "bits-4", "top-down", "rgb-565", "no-alpha", "alpha", "rle-8"})
  void refusesWhatIsCutOff(String name) throws IOException {
    byte[] whole = CanonicalizerTest.resource(name + ".bmp");
    for (int length = 2; length < whole.length - 2; length += 37) {
      assertThat(refusal(Arrays.copyOf(whole, length))).isEqualTo(RefusalReason.TRUNCATED);
    }
  }

  @Test
  void needsNoPaddingBehindTheLastRow() {
    byte[] whole = bmp(24, RAW, new int[24]);
    assertThat(new BmpImage(new Bytes(whole)).height()).isEqualTo(2);
    assertThat(refusal(Arrays.copyOf(whole, whole.length - 1))).isEqualTo(RefusalReason.TRUNCATED);
    byte[] one = bmp(8, RAW, 1, 2, 3, 4, 5, 6, 7, 8);
    ByteBuffer.wrap(one).order(ByteOrder.LITTLE_ENDIAN).putInt(18, 3);
    assertThat(new BmpImage(new Bytes(Arrays.copyOf(one, one.length - 1))).width()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource({"24, 4", "24, 5", "24, 1", "8, 3", "64, 0", "0, 0", "3, 0"})
  void refusesOtherCompressionsAndDepths(int bits, int compression) {
    assertThat(refusal(bmp(bits, compression, new int[64])))
        .isEqualTo(RefusalReason.UNSUPPORTED_FEATURE);
  }

  @Test
  void refusesMasksWithGaps() {
    byte[] file = bmp(32, BmpHeader.BITFIELDS, new int[64]);
    ByteBuffer.wrap(file)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(54, 0xff00ff)
        .putInt(58, 0xff00)
        .putInt(62, 0xff);
    assertThat(refusal(file)).isEqualTo(RefusalReason.CORRUPT);
  }

  /** Colour numbers of a decoded image of 4 x 2 pixels, from the top. */
  private static int[] numbers(int bits, int compression, int... data) {
    int[] numbers = new int[8];
    byte[] rgb = new byte[12];
    try (BmpImage image = new BmpImage(new Bytes(bmp(bits, compression, data)))) {
      for (int y = 0; y < 2; y++) {
        image.read(y, rgb);
        for (int x = 0; x < 4; x++) {
          numbers[y * 4 + x] = rgb[x * 3];
        }
      }
    }
    return numbers;
  }

  private static RefusalReason refusal(byte[] file) {
    CanonicalResult result = Canonicalizer.canonicalize(file, ImageLimits.DEFAULT, Bounds.DEFAULT);
    assertThat(result).isInstanceOf(CanonicalResult.Refused.class);
    return ((CanonicalResult.Refused) result).reason();
  }

  /** A file of 4 x 2 pixels; red of its ten colours is their number. */
  private static byte[] bmp(int bits, int compression, int... data) {
    int colours = bits <= 8 ? 10 : 0;
    ByteBuffer header = ByteBuffer.allocate(54).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 'B').put((byte) 'M').putInt(0).putInt(0).putInt(54 + 4 * colours);
    header.putInt(40).putInt(4).putInt(2).putShort((short) 1).putShort((short) bits);
    header.putInt(compression).putInt(0).putInt(0).putInt(0).putInt(colours).putInt(0);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(header.array());
    for (int i = 0; i < colours; i++) {
      file.writeBytes(new byte[] {0, 0, (byte) i, 0});
    }
    for (int value : data) {
      file.write(value);
    }
    return file.toByteArray();
  }
}
