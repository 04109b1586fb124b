package dev.lookalike.cli.teach;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lookalike teach show}. */
@Command(name = "show", description = "Shows the classifier of a collection and its quality.")
final class TeachShowCommand implements Callable<Integer> {
  @Mixin private Target target = new Target();

  @Parameters(
      arity = "0..1",
      paramLabel = "COLLECTION",
      defaultValue = "default",
      description = "Name of the collection; default: ${DEFAULT-VALUE}.")
  private String collection = "default";

  @Override
  public Integer call() {
    JsonNode found =
        new Publication(target, CollectionOption.of(collection), Duration.ZERO)
            .now()
            .orElseThrow(
                () ->
                    new CommandFailure(
                        ExitCode.NOT_FOUND,
                        "CLASSIFIER_NOT_FOUND",
                        "collection " + collection + " has no classifier"));
    if (target.json()) {
      Terminal.SYSTEM.json(found);
      return ExitCode.OK.number();
    }
    Table table = new Table("class", "images", "precision", "recall");
    for (JsonNode each : found.path("classes")) {
      table.row(
          each.path("name").asText(),
          each.path("images").asText(),
          "%.3f".formatted(each.path("precision").asDouble()),
          "%.3f".formatted(each.path("recall").asDouble()));
    }
    table.print(Terminal.SYSTEM);
    JsonNode quality = found.path("quality");
    Terminal.SYSTEM.line(
        "accuracy %.3f on %d held-out images; labels: precision %.3f (%.3f to %.3f), coverage %.3f"
            .formatted(
                quality.path("accuracy").asDouble(),
                quality.path("images").asInt(),
                quality.path("precision").asDouble(),
                quality.path("precision_low").asDouble(),
                quality.path("precision_high").asDouble(),
                quality.path("coverage").asDouble()));
    Terminal.SYSTEM.line(
        "threshold %.3f; gate: %s"
            .formatted(
                found.path("threshold").asDouble(),
                found.path("references").asInt() == 0
                    ? "none"
                    : "%.3f to the nearest of %d"
                        .formatted(
                            found.path("min_similarity").asDouble(),
                            found.path("references").asInt())));
    Terminal.SYSTEM.line(
        "classifier %s of model %s, taught %s: %s"
            .formatted(
                found.path("version").asText(),
                found.path("model").asText(),
                found.path("taught_at").asText(),
                state(found)));
    return ExitCode.OK.number();
  }

  /** The state in words. */
  static String state(JsonNode classifier) {
    String state = classifier.path("state").asText();
    JsonNode existing = classifier.path("existing");
    String there =
        existing.isObject()
            ? "; of %d existing images %d are labelled (%d of %d partitions done)"
                .formatted(
                    existing.path("examined").asLong(),
                    existing.path("labelled").asLong(),
                    existing.path("partitions_complete").asInt(),
                    existing.path("partitions").asInt())
            : "";
    return switch (state) {
      case "applied" -> "new images are labelled" + there;
      case "removed" -> "removed; its labels are being removed" + there;
      default -> "not applied: " + classifier.path("problem").asText();
    };
  }
}
