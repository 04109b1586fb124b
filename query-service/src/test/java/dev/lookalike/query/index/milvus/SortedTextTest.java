package dev.lookalike.query.index.milvus;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SortedTextTest {
  private static final String ALPHABET = "\u0000\u001f !\"#$%&'()Z[\\]^_`af09\u00e4\u20ac";

  private static String random(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(6); i > 0; i--) {
      text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return text.toString();
  }

  private static int compare(String one, String other) {
    return Integer.signum(Arrays.compareUnsigned(one.getBytes(UTF_8), other.getBytes(UTF_8)));
  }

  @Test
  void isReadBackAndKeepsTheOrder() {
    Random random = new Random(3);
    for (int i = 0; i < 200_000; i++) {
      String one = random(random);
      String other = random(random);
      assertThat(SortedText.read(SortedText.of(one))).isEqualTo(one);
      assertThat(compare(SortedText.of(one), SortedText.of(other)))
          .as("%s and %s", one, other)
          .isEqualTo(compare(one, other));
    }
  }

  @Test
  void holdsNothingThatAnExpressionWouldEscape() {
    for (char c = 0; c < 128; c++) {
      assertThat(SortedText.of(Character.toString(c)))
          .doesNotContainPattern("[\\x00-\\x20\"'\\\\]");
    }
  }

  @Test
  void afterAPrefixComesTheNextCharacter() {
    assertThat(SortedText.after("ab")).isEqualTo("ac");
    assertThat(SortedText.after("a\ud7ff")).isEqualTo("a\ue000");
    assertThat(SortedText.after("a" + Character.toString(Character.MAX_CODE_POINT))).isEqualTo("b");
    assertThat(SortedText.after("")).isEmpty();
  }
}
