package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.io.FileNotFoundException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike put}. */
@Command(
    name = "put",
    description = {
      "Uploads an image and waits until it can be found.",
      "",
      "An image with the same id is replaced. Without --id the id is derived from the content, so"
          + " that the same picture is stored once."
    },
    footer = {
      "",
      "Examples:",
      "  lookalike put shirt.jpg --id sku-4711 --attribute price:number=19.9 --attribute"
          + " colour=red",
      "  lookalike put shirt.jpg --label shirt --no-wait"
    })
public final class PutCommand implements Callable<Integer> {

  @Mixin private Target target = new Target();
  @Mixin private CollectionOption collection = new CollectionOption();

  @Option(names = "--id", description = "Id of the image; default: derived from its content.")
  private @Nullable String id;

  @Option(
      names = {"-a", "--attribute"},
      paramLabel = "NAME[:TYPE]=VALUE",
      description =
          "An attribute; TYPE is string, number, boolean, time or list (of strings, a;b).")
  private List<String> attributes = List.of();

  @Option(names = "--label", description = "A label known to be right; may be given several times.")
  private List<String> labels = List.of();

  @Option(names = "--no-wait", description = "Return when the image is accepted.")
  private boolean noWait;

  @Option(names = "--wait", paramLabel = "SECONDS", description = "Longest wait; default: 60.")
  private int waitSeconds = 60;

  @Parameters(paramLabel = "FILE", description = "The image.")
  private Path file = Path.of("");

  @Override
  public Integer call() {
    Upload upload = new Upload(file, attributes(attributes), labels);
    URI address =
        target.ingest(collection.path("/images" + (id == null ? "" : "/" + Rest.escaped(id))));
    JsonNode accepted;
    try {
      Answer answer = upload.send(target.rest(), id == null ? "POST" : "PUT", address);
      accepted = Rest.require(answer);
    } catch (FileNotFoundException e) {
      throw new CommandFailure(ExitCode.USAGE, "FILE_UNREADABLE", "cannot read " + file);
    }
    Outcome outcome =
        noWait
            ? new Outcome("accepted", "", "")
            : Outcome.await(
                target, accepted.path("token").asText(), Duration.ofSeconds(waitSeconds));
    print(target, (ObjectNode) accepted, outcome);
    return outcome.exitCode().number();
  }

  static void print(Target target, ObjectNode accepted, Outcome outcome) {
    if (target.json()) {
      accepted.put("state", outcome.state());
      if (!outcome.reason().isEmpty()) {
        accepted.put("reason", outcome.reason()).put("detail", outcome.detail());
      }
      Terminal.SYSTEM.json(accepted);
    } else {
      Terminal.SYSTEM.line(
          accepted.path("image_id").asText()
              + " version "
              + accepted.path("version").asText()
              + ": "
              + outcome.text());
    }
  }

  /** The JSON object for options like {@code price:number=9.5}. */
  static ObjectNode attributes(List<String> options) {
    ObjectNode node = Json.object();
    for (String option : options) {
      try {
        AttributeOption attribute = AttributeOption.parse(option);
        node.set(attribute.name(), attribute.value());
      } catch (IllegalArgumentException e) {
        throw new CommandFailure(
            ExitCode.USAGE, "INVALID_ATTRIBUTE", String.valueOf(e.getMessage()));
      }
    }
    return node;
  }
}
