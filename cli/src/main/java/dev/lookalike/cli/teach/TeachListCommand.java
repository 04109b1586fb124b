package dev.lookalike.cli.teach;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lookalike teach list}. */
@Command(name = "list", description = "Lists the collections that have a classifier.")
final class TeachListCommand implements Callable<Integer> {
  @Mixin private Target target = new Target();

  @Override
  public Integer call() {
    ObjectNode result = Json.object();
    ArrayNode taught = result.putArray("classifiers");
    JsonNode all =
        Rest.require(target.rest().send("GET", target.ingest("/v1/collections")))
            .path("collections");
    for (JsonNode each : all) {
      if (each.path("bound").asBoolean()) {
        new Publication(target, CollectionOption.of(each.path("name").asText()), Duration.ZERO)
            .now()
            .ifPresent(taught::add);
      }
    }
    if (target.json()) {
      Terminal.SYSTEM.json(result);
      return ExitCode.OK.number();
    }
    Table table = new Table("collection", "classifier", "classes", "accuracy", "coverage", "state");
    for (JsonNode each : taught) {
      table.row(
          each.path("collection").asText(),
          each.path("version").asText(),
          Integer.toString(each.path("classes").size()),
          "%.3f".formatted(each.path("quality").path("accuracy").asDouble()),
          "%.3f".formatted(each.path("quality").path("coverage").asDouble()),
          each.path("state").asText());
    }
    table.print(Terminal.SYSTEM);
    return ExitCode.OK.number();
  }
}
