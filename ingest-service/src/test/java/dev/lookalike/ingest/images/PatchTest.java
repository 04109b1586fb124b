package dev.lookalike.ingest.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.proto.image.v1.AttributeValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PatchTest {
  @Test
  void aPatchSaysSomethingAndNothingTwice() {
    assertThatThrownBy(() -> Patch.of(Map.of(), List.of(), Optional.empty()))
        .hasMessageContaining("INVALID_ARGUMENT");
    assertThatThrownBy(
            () ->
                Patch.of(
                    Map.of("a", AttributeValue.newBuilder().setNumber(1).build()),
                    List.of("a"),
                    Optional.empty()))
        .hasMessageContaining("INVALID_ATTRIBUTE");
    assertThat(Patch.of(Map.of(), List.of("a", "a"), Optional.of(List.of())).remove())
        .containsExactly("a");
    assertThatThrownBy(() -> Patch.of(Map.of(), List.of(), Optional.of(List.of(" "))))
        .hasMessageContaining("INVALID_ARGUMENT");
  }
}
