package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lookalike list}. */
@Command(
    name = "list",
    description = "Lists images of a collection in id order.",
    footer = {
      "",
      "Examples:",
      "  lookalike list --filter 'attributes.price < 20.0' --limit 50",
      "  lookalike list --state rejected --state deleted"
    })
public final class ListCommand implements Callable<Integer> {

  private static final int LARGEST_PAGE = 1_000;

  @Mixin private Target target = new Target();
  @Mixin private CollectionOption collection = new CollectionOption();

  @Option(names = "--filter", paramLabel = "CEL", description = "Only matching images.")
  private String filter = "";

  @Option(
      names = "--state",
      description = "searchable (default), rejected or deleted; may be given several times.")
  private List<String> states = List.of();

  @Option(names = "--limit", paramLabel = "N", description = "At most this many; default: 100.")
  private int limit = 100;

  @Override
  public Integer call() {
    ObjectNode result = Json.object();
    ArrayNode images = result.putArray("images");
    if (limit > 0) {
      ImagePages.read(
          target,
          collection,
          filter,
          states,
          Math.min(limit, LARGEST_PAGE),
          false,
          image -> {
            images.add(image);
            return images.size() < limit;
          });
    }
    if (target.json()) {
      Terminal.SYSTEM.json(result);
      return ExitCode.OK.number();
    }
    print(images);
    if (images.size() == limit) {
      Terminal.SYSTEM.note(
          "the first " + limit + "; more with --limit, all with: lookalike export");
    }
    return ExitCode.OK.number();
  }

  static void print(ArrayNode images) {
    Table table = new Table("image id", "file", "state", "version", "labels", "accepted");
    for (JsonNode image : images) {
      String state = image.path("state").asText();
      table.row(
          image.path("image_id").asText(),
          AttributeOption.text(image.path("attributes").path("file")),
          image.path("reason").asText("").isEmpty()
              ? state
              : state + " " + image.path("reason").asText(),
          image.path("version").asText(),
          LabelText.of(image.path("labels"), 3),
          image.path("accepted_at").asText(""));
    }
    table.print(Terminal.SYSTEM);
  }
}
