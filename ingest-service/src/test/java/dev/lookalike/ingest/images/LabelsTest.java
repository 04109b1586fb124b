package dev.lookalike.ingest.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LabelsTest {
  @Test
  void aNameThatIsThereTwiceCountsOnce() {
    List<Label> labels = Labels.ofUser(List.of("shoe", "red", "shoe"));
    assertThat(labels).extracting(Label::getName).containsExactly("shoe", "red");
    assertThat(labels)
        .allMatch(
            label ->
                label.getSource() == LabelSource.LABEL_SOURCE_USER && label.getConfidence() == 1);
  }

  @Test
  void labelsAreFewAndShort() {
    assertThat(Labels.ofUser(names(64))).hasSize(64);
    refused(names(65));
    // 128 letters of two bytes each.
    assertThat(Labels.ofUser(List.of("\u00e4".repeat(128)))).hasSize(1);
    refused(List.of("\u00e4".repeat(128) + "a"));
    refused(List.of(""));
    refused(List.of("ok", " \t"));
  }

  private static List<String> names(int count) {
    return IntStream.range(0, count).mapToObj(i -> "label" + i).toList();
  }

  private static void refused(List<String> names) {
    assertThatThrownBy(() -> Labels.ofUser(names))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
  }
}
