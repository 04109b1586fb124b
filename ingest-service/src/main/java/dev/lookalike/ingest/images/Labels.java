package dev.lookalike.ingest.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.List;

/** Labels as people give them: names only. */
final class Labels {
  private static final int MAX_LABELS = 64;
  private static final int MAX_BYTES = 256;

  private Labels() {}

  /**
   * Labels of a user; a repeated name counts once.
   *
   * @throws RefusedException INVALID_ARGUMENT
   */
  static List<Label> ofUser(List<String> names) {
    if (names.size() > MAX_LABELS) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "an image can have at most %d labels".formatted(MAX_LABELS));
    }
    for (String name : names) {
      int bytes = name.getBytes(UTF_8).length;
      if (name.isBlank() || bytes > MAX_BYTES) {
        throw new RefusedException(
            ErrorCode.INVALID_ARGUMENT,
            "a label must have 1 to %d bytes and not be blank".formatted(MAX_BYTES));
      }
    }
    return names.stream()
        .distinct()
        .map(
            name ->
                Label.newBuilder()
                    .setName(name)
                    .setConfidence(1)
                    .setSource(LabelSource.LABEL_SOURCE_USER)
                    .build())
        .toList();
  }
}
