package dev.lookalike.cli.search;

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
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike search}. */
@Command(
    name = "search",
    description = {
      "Finds the images that look like a photo.",
      "",
      "With several photos: images that look like all of them; --unlike PHOTO avoids what that"
          + " photo shows."
    },
    footer = {
      "",
      "Examples:",
      "  lookalike search shirt.jpg",
      "  lookalike search shirt.jpg -k 20 --filter 'attributes.price < 20.0' --html found.html",
      "  lookalike search street.jpg --region 0.2,0.4,0.3,0.5     search with this part only",
      "  lookalike search shirt.jpg --unlike striped.jpg --json | jq '.hits[].image_id'",
      "  cat shirt.jpg | lookalike search -"
    })
public final class SearchCommand implements Callable<Integer> {

  /** Largest request in bytes; the services' own limit for an upload. */
  private static final long LARGEST = 32L << 20;

  @Mixin private Target target = new Target();
  @Mixin private CollectionOption collection = new CollectionOption();
  @Mixin private QueryOptions options = new QueryOptions();

  @Option(
      names = "--region",
      paramLabel = "X,Y,W,H",
      description = "Use only this part of the photo, in fractions from the top left.")
  private @Nullable String region;

  @Option(names = "--unlike", paramLabel = "PHOTO", description = "Avoid what this photo shows.")
  private List<Path> unlike = List.of();

  @Option(names = "--exclude-self", description = "Leave out images that are the photo itself.")
  private boolean excludeSelf;

  @Parameters(
      arity = "1..*",
      paramLabel = "PHOTO",
      description = "Image files; - reads standard input.")
  private List<Path> photos = List.of();

  @Override
  public Integer call() throws IOException {
    List<QueryPicture> pictures = new ArrayList<>();
    for (Path photo : photos) {
      pictures.add(new QueryPicture(photo.toString(), read(photo)));
    }
    JsonNode answer =
        Rest.require(
            pictures.size() == 1 && unlike.isEmpty()
                ? searchByBytes(pictures.getFirst())
                : searchByExamples(pictures));
    FoundImages.print(target, answer, options, pictures, collection.name());
    return ExitCode.OK.number();
  }

  /** A single photo is sent as it is. */
  private Answer searchByBytes(QueryPicture picture) {
    StringBuilder query = new StringBuilder();
    options
        .parameters()
        .forEach(
            (name, value) ->
                query
                    .append(query.isEmpty() ? "?" : "&")
                    .append(name)
                    .append("=")
                    .append(Rest.escaped(value)));
    if (region != null) {
      QueryOptions.addRegion(Json.object(), region);
      query.append("&region=").append(Rest.escaped(region));
    }
    if (excludeSelf) {
      query.append("&exclude_self=true");
    }
    return target
        .rest()
        .send(
            "POST",
            target.query(collection.path("/search" + query)),
            "application/octet-stream",
            BodyPublishers.ofByteArray(picture.bytes()));
  }

  private Answer searchByExamples(List<QueryPicture> pictures) {
    ObjectNode request = Json.object();
    ArrayNode positives = request.putArray("positives");
    for (QueryPicture picture : pictures) {
      ObjectNode example = positives.addObject().put("image", picture.bytes());
      if (region != null) {
        QueryOptions.addRegion(example, region);
      }
    }
    ArrayNode negatives = request.putArray("negatives");
    for (Path photo : unlike) {
      negatives.addObject().put("image", read(photo));
    }
    if (excludeSelf) {
      request.put("exclude_self", true);
    }
    options.addTo(request);
    return target.rest().send("POST", target.query(collection.path("/search")), request);
  }

  private static byte[] read(Path photo) {
    try {
      if (photo.toString().equals("-")) {
        return System.in.readAllBytes();
      }
      if (!Files.isRegularFile(photo)) {
        throw new CommandFailure(ExitCode.USAGE, "FILE_UNREADABLE", "no such file: " + photo);
      }
      if (Files.size(photo) > LARGEST) {
        throw new CommandFailure(
            ExitCode.REFUSED,
            "TOO_MANY_BYTES",
            photo + " is larger than " + (LARGEST >> 20) + " MiB");
      }
      return Files.readAllBytes(photo);
    } catch (IOException e) {
      throw new CommandFailure(ExitCode.USAGE, "FILE_UNREADABLE", "cannot read " + photo);
    }
  }
}
