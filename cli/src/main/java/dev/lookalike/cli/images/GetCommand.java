package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike get}. */
@Command(
    name = "get",
    description = "Shows an image's data, or saves its picture.",
    footer = {
      "",
      "Examples:",
      "  lookalike get sku-4711",
      "  lookalike get sku-4711 --json --vector",
      "  lookalike get sku-4711 --content shirt.jpg"
    })
public final class GetCommand implements Callable<Integer> {

  /** Pictures of one image. */
  enum Variant {
    original,
    canonical,
    thumbnail
  }

  @Mixin private Target target = new Target();
  @Mixin private CollectionOption collection = new CollectionOption();

  @Option(names = "--vector", description = "Include the embedding.")
  private boolean vector;

  @Option(names = "--content", paramLabel = "FILE", description = "Save the picture to this file.")
  private @Nullable Path content;

  @Option(
      names = "--variant",
      description =
          "Which picture: ${COMPLETION-CANDIDATES}; default: canonical, the one that the model"
              + " sees.")
  private Variant variant = Variant.canonical;

  @Parameters(paramLabel = "ID", description = "Id of the image.")
  private String id = "";

  @Override
  public Integer call() throws IOException {
    if (content != null) {
      byte[] bytes =
          target
              .rest()
              .bytes(
                  target.ingest(
                      collection.path(
                          "/images/" + Rest.escaped(id) + "/content?variant=" + variant)));
      Files.write(content, bytes);
      Terminal.SYSTEM.note(bytes.length + " bytes in " + content);
      return ExitCode.OK.number();
    }
    JsonNode image =
        Rest.require(
            target
                .rest()
                .send(
                    "GET",
                    target.query(
                        collection.path(
                            "/images/" + Rest.escaped(id) + "?include_vector=" + vector))));
    if (target.json()) {
      Terminal.SYSTEM.json(image);
    } else {
      image.properties().forEach(e -> print(e.getKey(), e.getValue()));
    }
    return ExitCode.OK.number();
  }

  private static void print(String name, JsonNode value) {
    String text;
    if (name.equals("labels")) {
      text = LabelText.of(value, Integer.MAX_VALUE);
    } else if (name.equals("attributes")) {
      text =
          value.properties().stream()
              .map(e -> e.getKey() + "=" + AttributeOption.text(e.getValue()))
              .collect(Collectors.joining(", "));
    } else {
      text = value.isValueNode() ? value.asText() : value.toString();
    }
    if (!text.isEmpty() && !value.isNull()) {
      Terminal.SYSTEM.line(Terminal.SYSTEM.bold("%-16s ".formatted(name)) + text);
    }
  }
}
