package dev.lookalike.service.rest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JsonBodyTest {
  record Inner(@Nullable Integer longSide) {}

  record Body(@Nullable String name, @Nullable Inner inner, @Nullable List<String> remove) {}

  @Test
  void readsSnakeCase() {
    Body body = read("{\"name\": \"a\", \"inner\": {\"long_side\": 3}}");
    assertThat(body.name()).isEqualTo("a");
    assertThat(body.inner()).isEqualTo(new Inner(3));
  }

  @Test
  void namesAnUnknownField() {
    assertRefused("{\"inner\": {\"longside\": 3}}", "unknown field \"inner.longside\"");
  }

  @Test
  void namesAFieldOfTheWrongType() {
    assertRefused("{\"remove\": 3}", "field \"remove\" has the wrong type");
  }

  @Test
  void refusesWhatIsNotOneObject() {
    for (String json : List.of("", "{", "null", "[]", "{} {}", "{\"name\":\"a\",\"name\":\"b\"}")) {
      assertThatThrownBy(() -> read(json))
          .as(json)
          .isInstanceOfSatisfying(
              RefusedException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
    }
  }

  @Test
  void refusesMoreThanItsLimit() {
    assertRefused("{\"name\":\"" + "a".repeat(JsonBody.MAX_BYTES) + "\"}", "at most");
  }

  @Test
  void aBodyThatBreaksOffIsNotCalledMalformed() {
    InputStream broken =
        new InputStream() {
          private final InputStream start =
              new ByteArrayInputStream("{\"remove\": [\"a".getBytes(UTF_8));

          @Override
          public int read() throws IOException {
            int next = start.read();
            if (next < 0) {
              throw new IOException("reset");
            }
            return next;
          }
        };
    assertThatThrownBy(() -> JsonBody.read(broken, Body.class))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("did not arrive completely");
  }

  private static void assertRefused(String json, String detail) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining(detail);
  }

  private static Body read(String json) {
    return JsonBody.read(new ByteArrayInputStream(json.getBytes(UTF_8)), Body.class);
  }
}
