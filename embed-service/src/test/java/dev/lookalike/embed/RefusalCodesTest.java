package dev.lookalike.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.imaging.RefusalReason;
import dev.lookalike.service.error.ErrorCode;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What decoding and inference refuse has a code. */
class RefusalCodesTest {
  @Test
  void everyRefusalHasACode() {
    List<String> codes = Arrays.stream(ErrorCode.values()).map(Enum::name).toList();
    assertThat(codes).containsAll(Arrays.stream(RefusalReason.values()).map(Enum::name).toList());
    assertThat(codes)
        .containsAll(Arrays.stream(Inferred.Failure.values()).map(Enum::name).toList());
  }
}
