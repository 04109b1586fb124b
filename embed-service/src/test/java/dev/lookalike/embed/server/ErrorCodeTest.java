package dev.lookalike.embed.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.imaging.RefusalReason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Holds the codes against the table of docs/contracts.md. */
class ErrorCodeTest {
  @Test
  void statusesAreThePublishedOnes() throws Exception {
    Map<String, String> published = new HashMap<>();
    boolean errors = false;
    for (String line : Files.readAllLines(Path.of("../docs/contracts.md"))) {
      errors = line.startsWith("## ") ? line.equals("## Errors") : errors;
      String[] cells = line.split("\\|", -1);
      if (errors && cells.length > 3) {
        for (String code : cells[1].split("[^A-Z_]+", -1)) {
          published.put(
              code, cells[2].strip().substring(0, Math.min(3, cells[2].strip().length())));
        }
      }
    }
    for (ErrorCode code : ErrorCode.values()) {
      // Reasons of the model are published as reasons of outcomes.
      if (!List.of("EMBEDDING_NOT_FINITE", "EMBEDDING_ZERO", "MODEL_FAILED")
          .contains(code.name())) {
        assertThat(published).containsEntry(code.name(), Integer.toString(code.http()));
      }
    }
  }

  @Test
  void everyRefusalHasACode() {
    List<String> codes = Arrays.stream(ErrorCode.values()).map(Enum::name).toList();
    assertThat(codes).containsAll(Arrays.stream(RefusalReason.values()).map(Enum::name).toList());
    assertThat(codes)
        .containsAll(Arrays.stream(Inferred.Failure.values()).map(Enum::name).toList());
  }
}
