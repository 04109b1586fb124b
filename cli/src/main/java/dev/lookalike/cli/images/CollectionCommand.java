package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike collection}. */
@Command(
    name = "collection",
    description = "Collections: images that are searched together, with one model.",
    subcommands = {
      CollectionCommand.Create.class,
      CollectionCommand.ListAll.class,
      CollectionCommand.Show.class
    })
public final class CollectionCommand {

  /** {@code lookalike collection create}. */
  @Command(
      name = "create",
      description = "Creates a collection. Its model and its limits stay as they are then.",
      footer = {
        "",
        "Examples:",
        "  lookalike collection create shop --model mobilenet-v2 --keep-originals",
        "  lookalike collection create scans --short-side 1024"
      })
  static final class Create implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Option(
        names = "--model",
        paramLabel = "ID",
        description = "Id of a model that is served; default: the first.")
    private @Nullable String model;

    @Option(names = "--keep-originals", description = "Keep the uploaded files, too.")
    private boolean keepOriginals;

    @Option(
        names = "--partitions",
        paramLabel = "N",
        description = "Partitions of its topics; default: the service's.")
    private @Nullable Integer partitions;

    @Option(
        names = "--short-side",
        paramLabel = "PIXELS",
        description = "Pictures are made as small as this, 256 to 1024; default: 512.")
    private @Nullable Integer shortSide;

    @Parameters(
        paramLabel = "NAME",
        description = "Lower-case letters, digits, - and _; at most 64.")
    private String name = "";

    @Override
    public Integer call() {
      ObjectNode request = Json.object().put("name", name);
      if (model != null) {
        request.put("model", model);
      }
      if (keepOriginals) {
        request.put("keep_originals", true);
      }
      if (partitions != null) {
        request.put("partitions", partitions);
      }
      if (shortSide != null) {
        request.putObject("bounds").put("short_side", shortSide);
      }
      JsonNode created =
          Rest.require(target.rest().send("POST", target.ingest("/v1/collections"), request));
      if (target.json()) {
        Terminal.SYSTEM.json(created);
      } else {
        Terminal.SYSTEM.line("created " + name);
      }
      return ExitCode.OK.number();
    }
  }

  /** {@code lookalike collection list}. */
  @Command(name = "list", description = "Lists the collections.")
  static final class ListAll implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Override
    public Integer call() {
      JsonNode answer = Rest.require(target.rest().send("GET", target.ingest("/v1/collections")));
      if (target.json()) {
        Terminal.SYSTEM.json(answer);
        return ExitCode.OK.number();
      }
      Table table = new Table("name", "model", "dimension", "partitions", "originals", "created");
      for (JsonNode c : answer.path("collections")) {
        JsonNode build = c.path("build");
        table.row(
            c.path("name").asText(),
            build.path("model").asText("(none yet)"),
            build.path("dimension").asText(""),
            c.path("partitions").asText(""),
            c.path("keep_originals").asBoolean() ? "kept" : "not kept",
            c.path("created_at").asText(""));
      }
      table.print(Terminal.SYSTEM);
      return ExitCode.OK.number();
    }
  }

  /** {@code lookalike collection show}. */
  @Command(name = "show", description = "Shows one collection.")
  static final class Show implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Parameters(paramLabel = "NAME", description = "Name or id of the collection.")
    private String name = "";

    @Override
    public Integer call() {
      JsonNode answer =
          Rest.require(
              target.rest().send("GET", target.ingest("/v1/collections/" + Rest.escaped(name))));
      if (target.json()) {
        Terminal.SYSTEM.json(answer);
      } else {
        Terminal.SYSTEM.line(answer.toPrettyString());
      }
      return ExitCode.OK.number();
    }
  }
}
