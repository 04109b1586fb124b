package dev.lookalike.cli.index;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike index}. */
@Command(
    name = "index",
    description = "The index of a collection: count it, compare it with the log, rebuild it.",
    subcommands = {
      IndexCommand.Compare.class,
      IndexCommand.Rebuild.class,
      IndexCommand.Count.class
    })
public final class IndexCommand {

  /** The service's own limit for reading the log, and a margin. */
  private static final Duration COMPARE_PATIENCE = Duration.ofMinutes(35);

  private static final Duration POLL = Duration.ofMillis(500);

  /** {@code lookalike index compare}. */
  @Command(
      name = "compare",
      description = {
        "Compares each entry of the index with the log: what is missing, stale (an older version,"
            + " another vector, other attributes or labels) or extra.",
        "",
        "Reads the whole log of the collection. Exit code 1: they differ; `rebuild` fixes that."
      },
      footer = {
        "",
        "Examples:",
        "  lookalike index compare",
        "  lookalike index compare shop --json"
      })
  static final class Compare implements Callable<Integer> {

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
          Rest.require(
              target
                  .rest()
                  .send(
                      "POST",
                      target.query(CollectionOption.of(collection).path("/index:compare")),
                      COMPARE_PATIENCE));
      long differing =
          found.path("missing").asLong()
              + found.path("stale").asLong()
              + found.path("extra").asLong();
      if (target.json()) {
        Terminal.SYSTEM.json(found);
      } else {
        Terminal.SYSTEM.line(
            found.path("compared").asLong()
                + " entries in the log: "
                + (differing == 0
                    ? "the index matches the log"
                    : "%d missing, %d stale, %d extra"
                        .formatted(
                            found.path("missing").asLong(),
                            found.path("stale").asLong(),
                            found.path("extra").asLong())));
        for (JsonNode difference : found.path("differences")) {
          Terminal.SYSTEM.line(
              "  "
                  + difference.path("difference").asText()
                  + "  "
                  + difference.path("image_id").asText());
        }
      }
      return differing == 0 ? ExitCode.OK.number() : ExitCode.FAILED.number();
    }
  }

  /** {@code lookalike index rebuild}. */
  @Command(
      name = "rebuild",
      description =
          "Builds a new index from the log while the old one answers, then replaces it. No"
              + " inference, no downtime.",
      footer = {"", "Examples:", "  lookalike index rebuild", "  lookalike index rebuild shop"})
  static final class Rebuild implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Parameters(
        arity = "0..1",
        paramLabel = "COLLECTION",
        defaultValue = "default",
        description = "Name of the collection; default: ${DEFAULT-VALUE}.")
    private String collection = "default";

    @Option(names = "--no-wait", description = "Return when the rebuild has started.")
    private boolean noWait;

    @Override
    public Integer call() {
      CollectionOption option = CollectionOption.of(collection);
      long start = System.nanoTime();
      JsonNode begun =
          Rest.require(target.rest().send("POST", target.query(option.path("/index:rebuild"))));
      JsonNode index = describe(option);
      while (!noWait && index.path("rebuilding").asBoolean()) {
        try {
          Thread.sleep(POLL);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
        }
        index = describe(option);
      }
      double seconds = Duration.ofNanos(System.nanoTime() - start).toMillis() / 1000.0;
      if (target.json()) {
        ObjectNode result = Json.object();
        result
            .put("begun", begun.path("begun").asBoolean())
            .put("rebuilding", index.path("rebuilding").asBoolean())
            .put("searchable", index.path("searchable").asLong())
            .put("seconds", seconds);
        Terminal.SYSTEM.json(result);
      } else {
        Terminal.SYSTEM.line(
            index.path("rebuilding").asBoolean()
                ? "the index is being rebuilt"
                : "%d searchable, rebuilt in %.1f s"
                    .formatted(index.path("searchable").asLong(), seconds));
      }
      return ExitCode.OK.number();
    }

    private JsonNode describe(CollectionOption option) {
      return Rest.require(target.rest().send("GET", target.query(option.path("/index"))));
    }
  }

  /** {@code lookalike index count}. */
  @Command(
      name = "count",
      description = "Counts the entries of the index by state.",
      footer = {
        "",
        "Examples:",
        "  lookalike index count",
        "  lookalike index count shop --filter 'price < 20'"
      })
  static final class Count implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Parameters(
        arity = "0..1",
        paramLabel = "COLLECTION",
        defaultValue = "default",
        description = "Name of the collection; default: ${DEFAULT-VALUE}.")
    private String collection = "default";

    @Option(
        names = "--filter",
        paramLabel = "FILTER",
        description = "Count only searchable images that match.")
    private @Nullable String filter;

    @Override
    public Integer call() {
      String query = filter == null ? "" : "?filter=" + Rest.escaped(filter);
      JsonNode counts =
          Rest.require(
              target
                  .rest()
                  .send(
                      "GET", target.query(CollectionOption.of(collection).path("/count" + query))));
      if (target.json()) {
        Terminal.SYSTEM.json(counts);
      } else {
        Terminal.SYSTEM.line(
            "%d searchable, %d rejected, %d deleted"
                .formatted(
                    counts.path("searchable").asLong(),
                    counts.path("rejected").asLong(),
                    counts.path("deleted").asLong()));
      }
      return ExitCode.OK.number();
    }
  }
}
