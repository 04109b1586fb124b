package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike patch}. */
@Command(
    name = "patch",
    description =
        "Changes attributes and labels of images, by id or by filter, without embedding them"
            + " again.",
    footer = {
      "",
      "Examples:",
      "  lookalike patch sku-4711 --set price:number=9.9 --remove old_price",
      "  lookalike patch --filter 'attributes.season == \"2024\"' --set sale:boolean=true",
      "  lookalike patch sku-4711 --label shirt --label striped"
    })
public final class PatchCommand implements Callable<Integer> {

  @Mixin private Target target = new Target();
  @Mixin private CollectionOption collection = new CollectionOption();

  @Option(
      names = "--set",
      paramLabel = "NAME[:TYPE]=VALUE",
      description = "Sets or replaces an attribute; TYPE is string, number, boolean, time or list.")
  private List<String> set = List.of();

  @Option(names = "--remove", paramLabel = "NAME", description = "Removes an attribute.")
  private List<String> remove = List.of();

  @Option(
      names = "--label",
      description = "Replaces the user's labels; may be given several times.")
  private @Nullable List<String> labels;

  @Option(names = "--no-labels", description = "Removes the user's labels.")
  private boolean noLabels;

  @Option(names = "--filter", paramLabel = "CEL", description = "All matching images.")
  private @Nullable String filter;

  @Parameters(arity = "0..*", paramLabel = "ID", description = "Ids of images.")
  private List<String> ids = List.of();

  @Override
  public Integer call() {
    if (ids.isEmpty() == (filter == null)) {
      throw new CommandFailure(ExitCode.USAGE, "USAGE", "give either ids or --filter");
    }
    ObjectNode patch = Json.object();
    if (!set.isEmpty()) {
      patch.set("set", PutCommand.attributes(set));
    }
    if (!remove.isEmpty()) {
      remove.forEach(patch.putArray("remove")::add);
    }
    if (labels != null || noLabels) {
      com.fasterxml.jackson.databind.node.ArrayNode names = patch.putArray("labels");
      if (labels != null && !noLabels) {
        labels.forEach(names::add);
      }
    }
    if (patch.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "USAGE",
          "nothing to change: give --set, --remove, --label or --no-labels");
    }
    long patched = 0;
    if (filter != null) {
      patch.put("filter", filter);
      JsonNode answer =
          Rest.require(
              target.rest().send("POST", target.ingest(collection.path("/images:patch")), patch));
      patched = answer.path("matched").asLong();
    } else {
      for (String id : ids) {
        Rest.require(
            target
                .rest()
                .send(
                    "PATCH", target.ingest(collection.path("/images/" + Rest.escaped(id))), patch));
        patched++;
      }
    }
    if (target.json()) {
      Terminal.SYSTEM.json(Json.object().put("patched", patched));
    } else {
      Terminal.SYSTEM.line(patched + " patched");
    }
    return ExitCode.OK.number();
  }
}
