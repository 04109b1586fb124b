package dev.lookalike.query.index.milvus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Progress;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OwnRowsTest {
  @Test
  void progressIsReadBack() {
    Progress progress =
        new Progress(
            Map.of(new LogPartition("embeddings.c1/b1", 3), 1L << 40, new LogPartition("a", 0), 0L),
            Map.of(3, 17L));
    assertThat(OwnRows.progress(OwnRows.text(progress))).contains(progress);
    assertThat(OwnRows.progress(OwnRows.text(Progress.NONE))).contains(Progress.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"positions\":{}}",
        "{\"positions\":{\"a\":1},\"applied\":{}}",
        "{\"positions\":{\"x/a\":1},\"applied\":{}}",
        "{\"positions\":{},\"applied\":{\"0\":\"much\"}}",
        "{\"positions\":{},\"applied\":{\"0\":null}}",
        "{\"positions\":{}"
      })
  void whatIsNoProgressIsNone(String text) {
    assertThat(OwnRows.progress(text)).isEmpty();
  }
}
