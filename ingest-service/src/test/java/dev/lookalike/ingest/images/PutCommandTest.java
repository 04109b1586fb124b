package dev.lookalike.ingest.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.Label;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PutCommandTest {
  private static final Map<String, AttributeValue> PRICE =
      Map.of("price", AttributeValue.newBuilder().setNumber(2).build());
  private static final Map<String, AttributeValue> SIZE =
      Map.of("size", AttributeValue.newBuilder().setNumber(43).build());

  private static PutCommand of(Optional<String> id, Optional<String> key) {
    return PutCommand.of("hats", id, key, PRICE, List.of("hat"));
  }

  @Test
  void aClientsIdWinsOverItsKey() {
    assertThat(of(Optional.of("a"), Optional.of("k")).id()).hasValue("a");
    assertThat(of(Optional.empty(), Optional.of("k")).id()).hasValue(ImageIds.ofKey("k"));
    assertThat(of(Optional.empty(), Optional.empty()).id()).isEmpty();
    assertThatThrownBy(() -> of(Optional.of("a/b"), Optional.empty()))
        .hasMessageContaining("INVALID_IMAGE_ID");
  }

  @Test
  void whatAFormSaysReplacesAndWhatItDoesNotSayStays() {
    PutCommand command = of(Optional.of("a"), Optional.empty());
    assertThat(command.withForm(Optional.empty(), List.of())).isEqualTo(command);
    PutCommand sized = command.withForm(Optional.of(SIZE), List.of());
    assertThat(sized.attributes()).isEqualTo(SIZE);
    assertThat(sized.labels()).extracting(Label::getName).containsExactly("hat");
    PutCommand labelled = command.withForm(Optional.empty(), List.of("cap"));
    assertThat(labelled.attributes()).isEqualTo(PRICE);
    assertThat(labelled.labels()).extracting(Label::getName).containsExactly("cap");
  }
}
