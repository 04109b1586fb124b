package dev.lookalike.query.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilterParserTest {
  @Test
  void blankAdmitsEverything() throws InvalidFilterException {
    assertThat(FilterParser.parse("  ")).isEqualTo(Filter.ALL);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      textBlock =
          """
          price <                       ~ line 1, column
          price = 5                     ~ line 1, column 7
          (price < 5                    ~ line 1, column
          price + 1 < 5                 ~ line 1, column 7
          5 < 6                         ~ column 1: a comparison needs an attribute
          a == b                        ~ a comparison needs an attribute
          labels == "x"                 ~ labels are asked as
          id                            ~ are no conditions
          "x"                           ~ a value alone is no condition
          size(colors) > 1              ~ an attribute on one side
          colors.exists(c, c == "x")    ~ "exists" is not supported
          name.matches("a.*")           ~ "matches" is not supported
          name == null                  ~ values of this type
          name == b"x"                  ~ values of this type
          id == 5                       ~ a string is expected here
          taken > timestamp("yesterday") ~ RFC 3339
          taken > timestamp(5)          ~ a value is expected here
          other["x"] == 1               ~ only attributes["name"] is supported
          price in 5                    ~ a value is expected here
          true ? a : b                  ~ not supported
          has(id)                       ~ has() takes an attribute
          [1, 2]                        ~ no condition
          price == 1e999                ~ finite
          """)
  void refusesAndNamesThePlace(String filter, String message) {
    assertThatThrownBy(() -> FilterParser.parse(filter))
        .isInstanceOf(InvalidFilterException.class)
        .hasMessageContaining(message)
        .hasMessageContaining("Supported: ==");
  }

  @Test
  void depthAndLengthAreBounded() {
    assertThatThrownBy(() -> FilterParser.parse("(".repeat(5000) + "a" + ")".repeat(5000)))
        .isInstanceOf(InvalidFilterException.class);
    assertThatThrownBy(() -> FilterParser.parse("a == \"" + "x".repeat(70_000) + "\""))
        .isInstanceOf(InvalidFilterException.class)
        .hasMessageContaining("at most");
  }
}
