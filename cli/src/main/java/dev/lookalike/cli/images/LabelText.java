package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Labels as tables show them, with source and probability. */
public final class LabelText {
  private LabelText() {}

  /** {@code dress (user), gown 0.93 (taught), sarong 0.58 (model)}. */
  public static String of(JsonNode labels, int most) {
    return StreamSupport.stream(labels.spliterator(), false)
        .limit(most)
        .map(LabelText::one)
        .collect(Collectors.joining(", "));
  }

  private static String one(JsonNode label) {
    double confidence = label.path("confidence").asDouble(1);
    String source = label.path("source").asText("");
    return label.path("name").asText()
        + (confidence >= 1 ? "" : String.format(Locale.ROOT, " %.2f", confidence))
        + (source.isEmpty() ? "" : " (" + source + ")");
  }
}
