package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike rejected}. */
@Command(
    name = "rejected",
    description = "Images that were accepted but could not be embedded.",
    subcommands = {RejectedCommand.ListRejected.class, RejectedCommand.Retry.class})
public final class RejectedCommand {

  private static final int PAGE = 500;

  /** {@code lookalike rejected list}. */
  @Command(name = "list", description = "Lists rejected images with their reasons.")
  static final class ListRejected implements Callable<Integer> {

    @Mixin private Target target = new Target();
    @Mixin private CollectionOption collection = new CollectionOption();

    @Override
    public Integer call() {
      ObjectNode result = Json.object();
      ArrayNode images = result.putArray("images");
      ImagePages.read(
          target,
          collection,
          "",
          List.of("rejected"),
          PAGE,
          false,
          image -> {
            images.add(image);
            return true;
          });
      if (target.json()) {
        Terminal.SYSTEM.json(result);
        return ExitCode.OK.number();
      }
      Table table = new Table("image id", "file", "reason", "attempts", "detail");
      for (JsonNode image : images) {
        table.row(
            image.path("image_id").asText(),
            AttributeOption.text(image.path("attributes").path("file")),
            image.path("reason").asText(),
            image.path("attempts").asText(""),
            image.path("detail").asText(""));
      }
      table.print(Terminal.SYSTEM);
      return ExitCode.OK.number();
    }
  }

  /** {@code lookalike rejected retry}. */
  @Command(
      name = "retry",
      description = "Retries rejected images, for example after the model was fixed.",
      footer = {
        "",
        "Examples:",
        "  lookalike rejected retry --all",
        "  lookalike rejected retry sku-4711"
      })
  static final class Retry implements Callable<Integer> {

    @Mixin private Target target = new Target();
    @Mixin private CollectionOption collection = new CollectionOption();

    @Option(names = "--all", description = "All rejected images of the collection.")
    private boolean all;

    @Parameters(arity = "0..*", paramLabel = "ID", description = "Ids of images.")
    private List<String> ids = List.of();

    @Override
    public Integer call() {
      if (ids.isEmpty() != all) {
        throw new CommandFailure(ExitCode.USAGE, "USAGE", "give either ids or --all");
      }
      List<String> chosen = new ArrayList<>(ids);
      if (all) {
        ImagePages.read(
            target,
            collection,
            "",
            List.of("rejected"),
            PAGE,
            false,
            image -> chosen.add(image.path("image_id").asText()));
      }
      long retried = 0;
      Map<String, Long> refused = new LinkedHashMap<>();
      for (String id : chosen) {
        Answer answer =
            target
                .rest()
                .send(
                    "POST",
                    target.ingest(collection.path("/images/" + Rest.escaped(id) + "/retry")));
        if (all && answer instanceof Answer.Refused refusal) {
          refused.merge(refusal.code(), 1L, Long::sum); // Deleted or replaced in the meantime.
        } else {
          Rest.require(answer);
          retried++;
        }
      }
      if (target.json()) {
        ObjectNode result = Json.object().put("retried", retried);
        refused.forEach(result.putObject("refused")::put);
        Terminal.SYSTEM.json(result);
      } else {
        Terminal.SYSTEM.line(
            retried + " retried" + (refused.isEmpty() ? "" : ", refused: " + refused));
      }
      return ExitCode.OK.number();
    }
  }
}
