package dev.lookalike.cli.search;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.images.AttributeOption;
import dev.lookalike.cli.images.LabelText;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Search results as a table, as JSON or as a page. */
final class FoundImages {

  private static final int LABELS_SHOWN = 3;

  private FoundImages() {}

  /**
   * The address at the known ingest-service, ignoring the host in the answer: the key goes only
   * there.
   */
  private static URI thumbnail(Target target, String url) {
    int path = url.indexOf("/v1/");
    return path < 0 ? URI.create(url) : target.ingest(url.substring(path));
  }

  static void print(
      Target target,
      JsonNode answer,
      QueryOptions options,
      List<QueryPicture> pictures,
      String collection) {
    if (options.html != null) {
      List<ResultPage.Tile> tiles = new ArrayList<>();
      for (JsonNode hit : answer.path("hits")) {
        tiles.add(
            new ResultPage.Tile(
                name(hit),
                hit.path("similarity").asDouble(),
                labels(hit),
                target.rest().bytes(thumbnail(target, hit.path("thumbnail_url").asText()))));
      }
      try {
        Files.writeString(
            options.html, ResultPage.html(collection, model(answer), pictures, tiles));
      } catch (IOException e) {
        throw new CommandFailure(ExitCode.USAGE, "FILE_UNWRITABLE", "cannot write " + options.html);
      }
      Terminal.SYSTEM.note("wrote " + options.html);
    }
    if (target.json()) {
      Terminal.SYSTEM.json(answer);
      return;
    }
    if (answer.path("hits").isEmpty()) {
      Terminal.SYSTEM.line("nothing found");
      return;
    }
    boolean grouped = answer.path("hits").path(0).has("group");
    Table table =
        grouped
            ? new Table("", "similarity", "group", "file", "labels", "image id")
            : new Table("", "similarity", "file", "labels", "image id");
    int rank = 0;
    for (JsonNode hit : answer.path("hits")) {
      String place = Integer.toString(++rank);
      String similarity = String.format(Locale.ROOT, "%.4f", hit.path("similarity").asDouble());
      String file = AttributeOption.text(hit.path("attributes").path("file"));
      String id = hit.path("image_id").asText();
      if (grouped) {
        JsonNode group = hit.path("group");
        String value =
            AttributeOption.text(group.path("value")) + " (" + group.path("size").asText() + ")";
        table.row(place, similarity, group.isObject() ? value : "", file, labels(hit), id);
      } else {
        table.row(place, similarity, file, labels(hit), id);
      }
    }
    table.print(Terminal.SYSTEM);
  }

  /** The file name if the image has one, else the id. */
  private static String name(JsonNode hit) {
    String file = AttributeOption.text(hit.path("attributes").path("file"));
    return file.isEmpty() ? hit.path("image_id").asText() : file;
  }

  private static String model(JsonNode answer) {
    return answer.path("model").path("id").asText(answer.path("model").asText(""));
  }

  private static String labels(JsonNode hit) {
    return LabelText.of(hit.path("labels"), LABELS_SHOWN);
  }
}
