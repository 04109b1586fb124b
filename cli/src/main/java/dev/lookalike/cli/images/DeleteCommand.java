package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike delete}. */
@Command(
    name = "delete",
    description = "Deletes images by id or by filter, and waits until they can no longer be found.",
    footer = {
      "",
      "Examples:",
      "  lookalike delete sku-4711 sku-4712",
      "  lookalike delete --filter 'attributes.season == \"2019\"' --yes",
      "  lookalike delete --filter true --yes       all images of the collection"
    })
public final class DeleteCommand implements Callable<Integer> {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Mixin private Target target = new Target();
  @Mixin private CollectionOption collection = new CollectionOption();

  @Option(
      names = "--filter",
      paramLabel = "CEL",
      description = "All matching images; requires --yes.")
  private @Nullable String filter;

  @Option(names = "--yes", description = "Delete them; without this option, --filter only counts.")
  private boolean yes;

  @Option(names = "--no-wait", description = "Return when the deletes are accepted.")
  private boolean noWait;

  @Parameters(arity = "0..*", paramLabel = "ID", description = "Ids of images.")
  private List<String> ids = List.of();

  @Override
  public Integer call() {
    if (ids.isEmpty() == (filter == null)) {
      throw new CommandFailure(ExitCode.USAGE, "USAGE", "give either ids or --filter");
    }
    if (filter != null && !yes) {
      long matching =
          Rest.require(
                  target
                      .rest()
                      .send(
                          "GET",
                          target.query(collection.path("/count?filter=" + Rest.escaped(filter)))))
              .path("searchable")
              .asLong();
      throw new CommandFailure(
          ExitCode.USAGE, "NOT_CONFIRMED", matching + " images match; add --yes to delete them");
    }
    List<String> tokens = new ArrayList<>();
    long deleted = 0;
    if (filter != null) {
      JsonNode answer =
          Rest.require(
              target
                  .rest()
                  .send(
                      "POST",
                      target.ingest(collection.path("/images:delete")),
                      Json.object().put("filter", filter)));
      deleted = answer.path("matched").asLong();
      answer.path("tokens").forEach(t -> tokens.add(t.asText()));
    } else {
      for (String id : ids) {
        JsonNode answer =
            Rest.require(
                target
                    .rest()
                    .send("DELETE", target.ingest(collection.path("/images/" + Rest.escaped(id)))));
        tokens.add(answer.path("token").asText());
        deleted++;
      }
    }
    boolean pending = false;
    if (!noWait) {
      for (String token : tokens) {
        pending |= Outcome.await(target, token, PATIENCE).state().equals("pending");
      }
    }
    if (target.json()) {
      Terminal.SYSTEM.json(Json.object().put("deleted", deleted).put("pending", pending));
    } else {
      Terminal.SYSTEM.line(deleted + " deleted" + (pending ? ", not all applied yet" : ""));
    }
    return (pending ? ExitCode.PENDING : ExitCode.OK).number();
  }
}
