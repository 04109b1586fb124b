package dev.lookalike.ingest.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Timestamp;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AttributesJsonTest {
  @Test
  void readsEachType() {
    Map<String, AttributeValue> read =
        AttributesJson.read(
            """
            {"s": "x", "n": 1.5, "i": 3, "b": true, "l": ["a", "b"], "t": {"time": "2026-01-31T13:00:00.1239+01:00"}}""");
    assertThat(read.get("s")).isEqualTo(AttributeValue.newBuilder().setString("x").build());
    assertThat(read.get("n")).isEqualTo(AttributeValue.newBuilder().setNumber(1.5).build());
    assertThat(read.get("i")).isEqualTo(AttributeValue.newBuilder().setNumber(3).build());
    assertThat(read.get("b")).isEqualTo(AttributeValue.newBuilder().setBoolean(true).build());
    assertThat(get(read, "l").getStrings().getValuesList()).containsExactly("a", "b");
    assertThat(get(read, "t").getTime())
        .isEqualTo(Timestamp.newBuilder().setSeconds(1_769_860_800).setNanos(123_000_000).build());
  }

  @Test
  void refusesWhatIsNoAttribute() {
    for (String json :
        List.of(
            "[]",
            "3",
            "{",
            "",
            "{\"a\": null}",
            "{\"a\": [1]}",
            "{\"a\": {\"b\": 1}}",
            "{\"a\": {\"time\": \"yesterday\"}}",
            "{\"a\": 1e999}",
            "{\"a b\": 1}",
            "{\"1a\": 1}",
            "{\"a\": 1, \"a\": 2}",
            "{\"a\": \"" + "x".repeat(4097) + "\"}",
            "{\"a\": {\"time\": \"-0001-01-01T00:00:00Z\"}}")) {
      assertInvalid(json, () -> AttributesJson.read(json));
    }
  }

  private static AttributeValue get(Map<String, AttributeValue> values, String name) {
    return values.getOrDefault(name, AttributeValue.getDefaultInstance());
  }

  private static void assertInvalid(String what, Runnable work) {
    assertThatThrownBy(work::run)
        .as(what)
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ATTRIBUTE));
  }
}
