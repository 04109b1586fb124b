package dev.lookalike.cli.teach;

import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike teach remove}. */
@Command(
    name = "remove",
    description =
        "Removes the classifier of a collection and the labels that it assigned. User labels stay.")
final class TeachRemoveCommand implements Callable<Integer> {
  @Mixin private Target target = new Target();

  @Parameters(
      arity = "0..1",
      paramLabel = "COLLECTION",
      defaultValue = "default",
      description = "Name of the collection; default: ${DEFAULT-VALUE}.")
  private String collection = "default";

  @Option(
      names = "--patience",
      paramLabel = "SECONDS",
      description = "Give up after this long without progress; default: 60.")
  private int patience = 60;

  @Override
  public Integer call() {
    CollectionOption where = CollectionOption.of(collection);
    Publication publication = new Publication(target, where, Duration.ofSeconds(patience));
    if (publication.now().isEmpty()) {
      throw new CommandFailure(
          ExitCode.NOT_FOUND,
          "CLASSIFIER_NOT_FOUND",
          "collection " + collection + " has no classifier");
    }
    Rest.require(target.rest().send("DELETE", target.ingest(where.path("/classifier"))));
    publication.awaitGone();
    if (target.json()) {
      Terminal.SYSTEM.json(Json.object().put("collection", collection).put("removed", true));
    } else {
      Terminal.SYSTEM.line("removed, with its labels");
    }
    return ExitCode.OK.number();
  }
}
