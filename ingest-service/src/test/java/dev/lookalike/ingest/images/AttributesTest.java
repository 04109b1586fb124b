package dev.lookalike.ingest.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AttributesTest {
  @Test
  void limitsHold() {
    Map<String, AttributeValue> many = new HashMap<>();
    for (int i = 0; i < 65; i++) {
      many.put("a" + i, AttributeValue.newBuilder().setNumber(i).build());
    }
    assertInvalid("65", () -> Attributes.checked(many));
    many.remove("a0");
    assertThat(Attributes.checked(many)).hasSize(64);
    assertInvalid(
        "NaN",
        () ->
            Attributes.checked(
                Map.of("a", AttributeValue.newBuilder().setNumber(Double.NaN).build())));
    assertInvalid(
        "unset", () -> Attributes.checked(Map.of("a", AttributeValue.getDefaultInstance())));
  }

  private static void assertInvalid(String what, Runnable work) {
    assertThatThrownBy(work::run)
        .as(what)
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ATTRIBUTE));
  }
}
