package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike collection}. */
@Command(
    name = "collection",
    description = "Collections: sets of images that are searched together, with one model.",
    subcommands = {
      CollectionCommand.Create.class,
      CollectionCommand.ListAll.class,
      CollectionCommand.Show.class,
      CollectionCommand.Rename.class,
      CollectionCommand.Delete.class
    })
public final class CollectionCommand {

  /** {@code lookalike collection create}. */
  @Command(
      name = "create",
      description = {
        "Creates a collection, and returns when it can be searched. Its model and limits are fixed"
            + " from then on.",
        "",
        "Exit code 6: the collection is created, but no model is bound to it yet; the reason is"
            + " printed."
      },
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
        description = "Id of a served model; default: the first.")
    private @Nullable String model;

    @Option(names = "--keep-originals", description = "Also store the uploaded files.")
    private boolean keepOriginals;

    @Option(
        names = "--partitions",
        paramLabel = "N",
        description = "Partitions of its topics; default: set by the service.")
    private @Nullable Integer partitions;

    @Option(
        names = "--short-side",
        paramLabel = "PIXELS",
        description = "Short side of stored pictures, 256 to 1024; default: 512.")
    private @Nullable Integer shortSide;

    @Option(
        names = "--accept-smaller-images",
        description =
            "Accept a model that needs larger pictures than are stored: a replay cannot restore"
                + " pixels.")
    private boolean acceptSmallerImages;

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
      if (acceptSmallerImages) {
        request.put("accept_smaller_images", true);
      }
      JsonNode created =
          Rest.require(target.rest().send("POST", target.ingest("/v1/collections"), request));
      if (target.json()) {
        Terminal.SYSTEM.json(created);
      } else {
        String model = created.path("build").path("model").asText();
        Terminal.SYSTEM.line("created " + name + (model.isEmpty() ? "" : " with model " + model));
      }
      String problem = created.path("problem").asText("");
      if (problem.isEmpty()) {
        return ExitCode.OK.number();
      }
      Terminal.SYSTEM.note("lookalike: it cannot be searched yet: " + problem);
      return ExitCode.PENDING.number();
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
  @Command(
      name = "show",
      aliases = "describe",
      description = "Shows one collection: its model, its limits, its counts.")
  static final class Show implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Parameters(paramLabel = "NAME", description = "Name or id of the collection.")
    private String name = "";

    @Override
    public Integer call() {
      JsonNode c = Rest.require(target.rest().send("GET", target.ingest(path(name))));
      if (target.json()) {
        Terminal.SYSTEM.json(c);
        return ExitCode.OK.number();
      }
      Table table = new Table("collection", c.path("name").asText());
      table.row("id", c.path("id").asText());
      JsonNode build = c.path("build");
      table.row(
          "model",
          build.isObject()
              ? "%s (digest %.12s, preprocessing %s, dimension %d)"
                  .formatted(
                      build.path("model").asText(),
                      build.path("model_digest").asText(),
                      build.path("preprocessing_version").asText(),
                      build.path("dimension").asInt())
              : "(none yet)");
      table.row("build", build.path("id").asText(""));
      JsonNode bounds = c.path("bounds");
      table.row(
          "pictures",
          "short side %d, long side %d, quality %d, %d KiB at most%s"
              .formatted(
                  bounds.path("short_side").asInt(),
                  bounds.path("long_side").asInt(),
                  bounds.path("jpeg_quality").asInt(),
                  bounds.path("max_bytes").asInt() >> 10,
                  c.path("accept_smaller_images").asBoolean()
                      ? "; smaller than the model needs, accepted"
                      : ""));
      table.row("originals", c.path("keep_originals").asBoolean() ? "kept" : "not kept");
      table.row(
          "partitions",
          c.path("partitions").asText() + " (generation " + c.path("generation").asText() + ")");
      table.row("created", c.path("created_at").asText());
      JsonNode counts = c.path("counts");
      if (counts.isObject()) {
        for (String state : List.of("searchable", "rejected", "deleted", "pending")) {
          table.row(state, counts.path(state).asText());
        }
      }
      if (c.hasNonNull("problem")) {
        table.row("problem", c.path("problem").asText());
      }
      table.print(Terminal.SYSTEM);
      return ExitCode.OK.number();
    }
  }

  /** {@code lookalike collection rename}. */
  @Command(
      name = "rename",
      description = {
        "Renames a collection; running work continues.",
        "",
        "The old name becomes free. If `default` is renamed, a new, empty `default` is created."
      },
      footer = {"", "Example:", "  lookalike collection rename shop shop-2025"})
  static final class Rename implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Parameters(index = "0", paramLabel = "NAME", description = "Name or id of the collection.")
    private String name = "";

    @Parameters(index = "1", paramLabel = "NEW_NAME", description = "A free name.")
    private String newName = "";

    @Override
    public Integer call() {
      JsonNode renamed =
          Rest.require(
              target
                  .rest()
                  .send("PATCH", target.ingest(path(name)), Json.object().put("name", newName)));
      if (target.json()) {
        Terminal.SYSTEM.json(renamed);
      } else {
        Terminal.SYSTEM.line(name + " is now called " + newName);
      }
      return ExitCode.OK.number();
    }
  }

  /** {@code lookalike collection delete}. */
  @Command(
      name = "delete",
      description = {
        "Deletes a collection with everything in it: images, vectors, labels, originals. This"
            + " cannot be undone.",
        "",
        "A name that is used again starts empty. If `default` is deleted, a new, empty `default` is"
            + " created, with the model that is first then."
      },
      footer = {"", "Example:", "  lookalike collection delete shop --yes"})
  static final class Delete implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Option(
        names = "--yes",
        description = "Delete it; without this option, only print what would be deleted.")
    private boolean yes;

    @Parameters(paramLabel = "NAME", description = "Name or id of the collection.")
    private String name = "";

    @Override
    public Integer call() {
      if (!yes) {
        JsonNode counts =
            Rest.require(target.rest().send("GET", target.ingest(path(name)))).path("counts");
        throw new CommandFailure(
            ExitCode.USAGE,
            "NOT_CONFIRMED",
            "%s holds %s; add --yes to delete all of it"
                .formatted(
                    name,
                    counts.isObject()
                        ? counts.path("searchable").asLong()
                            + counts.path("rejected").asLong()
                            + counts.path("pending").asLong()
                            + " images"
                        : "an unknown number of images"));
      }
      JsonNode deleted = Rest.require(target.rest().send("DELETE", target.ingest(path(name))));
      if (target.json()) {
        Terminal.SYSTEM.json(deleted);
      } else {
        Terminal.SYSTEM.line("deleted " + deleted.path("name").asText(name));
      }
      return ExitCode.OK.number();
    }
  }

  private static String path(String name) {
    return "/v1/collections/" + Rest.escaped(name);
  }
}
