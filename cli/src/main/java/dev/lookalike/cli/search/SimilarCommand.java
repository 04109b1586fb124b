package dev.lookalike.cli.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike similar}. */
@Command(
    name = "similar",
    description =
        "Finds the images that look like an image of the collection, or like several of them.",
    footer = {
      "",
      "Examples:",
      "  lookalike similar sku-4711",
      "  lookalike similar sku-4711 sku-4712 --unlike sku-9 -k 5"
    })
public final class SimilarCommand implements Callable<Integer> {

  @Mixin private Target target = new Target();
  @Mixin private CollectionOption collection = new CollectionOption();
  @Mixin private QueryOptions options = new QueryOptions();

  @Option(names = "--unlike", paramLabel = "ID", description = "Avoid what this image shows.")
  private List<String> unlike = List.of();

  @Option(names = "--include-self", description = "Keep the given images among the hits.")
  private boolean includeSelf;

  @Parameters(arity = "1..*", paramLabel = "ID", description = "Ids of images.")
  private List<String> ids = List.of();

  @Override
  public Integer call() {
    ObjectNode request = Json.object();
    ArrayNode positives = request.putArray("positives");
    ids.forEach(id -> positives.addObject().put("image_id", id));
    if (!unlike.isEmpty()) {
      ArrayNode negatives = request.putArray("negatives");
      unlike.forEach(id -> negatives.addObject().put("image_id", id));
    }
    request.put("exclude_self", !includeSelf);
    options.addTo(request);
    JsonNode answer =
        Rest.require(target.rest().send("POST", target.query(collection.path("/search")), request));
    FoundImages.print(target, answer, options, List.of(), collection.name());
    return ExitCode.OK.number();
  }
}
