package dev.lookalike.cli.search;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of every search. */
final class QueryOptions {

  @Option(
      names = {"-k", "--k"},
      paramLabel = "N",
      description = "Number of hits, 1 to 1000; default: 10.")
  int k = 10;

  @Option(
      names = "--filter",
      paramLabel = "CEL",
      description = "Search only matching images, such as: attributes.price < 20.0")
  @Nullable String filter;

  @Option(
      names = "--min-similarity",
      paramLabel = "X",
      description = "Only hits at least this similar, -1 to 1; default: no limit.")
  @Nullable Double minSimilarity;

  @Option(
      names = "--group-by",
      paramLabel = "ATTRIBUTE",
      description = "Only the best hits for each value of this attribute, such as one per product.")
  @Nullable String groupBy;

  @Option(
      names = "--group-size",
      paramLabel = "N",
      description = "Hits per group, 1 to 10; default: 1.")
  @Nullable Integer groupSize;

  @Option(names = "--exact", description = "Compare with every image: slower, but misses nothing.")
  boolean exact;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Also write a self-contained page with the pictures.")
  @Nullable Path html;

  /** The given options as text, by the names of the search's fields. */
  Map<String, String> parameters() {
    Map<String, String> parameters = new LinkedHashMap<>();
    addTo(Json.object())
        .properties()
        .forEach(e -> parameters.put(e.getKey(), e.getValue().asText()));
    return parameters;
  }

  /** Adds the given options to the JSON of a search. */
  ObjectNode addTo(ObjectNode request) {
    request.put("k", k);
    if (filter != null) {
      request.put("filter", filter);
    }
    if (minSimilarity != null) {
      request.put("min_similarity", minSimilarity);
    }
    if (groupBy != null) {
      request.put("group_by", groupBy);
    }
    if (groupSize != null) {
      request.put("group_size", groupSize);
    }
    if (exact) {
      request.put("exact", true);
    }
    return request;
  }

  /** {@code x,y,width,height} as a JSON object. */
  static void addRegion(ObjectNode example, String text) {
    String[] parts = text.split(",", -1);
    try {
      if (parts.length == 4) {
        ObjectNode region = example.putObject("region");
        for (int i = 0; i < 4; i++) {
          region.put(
              List.of("x", "y", "width", "height").get(i), Double.parseDouble(parts[i].strip()));
        }
        return;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new CommandFailure(
        ExitCode.USAGE,
        "INVALID_REGION",
        "--region must be X,Y,WIDTH,HEIGHT in fractions of the picture, such as 0,0,0.5,1: "
            + text);
  }
}
