package dev.lookalike.query.index.milvus;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Progress;
import io.milvus.v2.common.ConsistencyLevel;
import io.milvus.v2.service.vector.request.QueryReq;
import io.milvus.v2.service.vector.response.QueryResp;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The rows of a Milvus collection that are not images: how it was made, and how far it is. */
final class OwnRows {
  /** Holds a {@link Layout}. */
  static final String LAYOUT = "layout";

  /** Holds a {@link Progress}. */
  static final String PROGRESS = "progress";

  private OwnRows() {}

  /** What a row says now; empty if it is not there. */
  static Optional<String> read(MilvusServer server, String collection, String row) {
    QueryResp found =
        server.ask(
            "read " + collection,
            client ->
                client.query(
                    QueryReq.builder()
                        .collectionName(collection)
                        .filter(Rows.ID + " == " + Expression.quoted("!" + row))
                        .outputFields(List.of(Rows.ID, Rows.RECORD))
                        .consistencyLevel(ConsistencyLevel.STRONG)
                        .build()));
    return found.getQueryResults().stream()
        .findFirst()
        .map(result -> new String(Rows.content(result.getEntity()), UTF_8));
  }

  /**
   * How far an index is.
   *
   * @throws IndexException CORRUPT if that cannot be read
   */
  static Progress progress(MilvusServer server, String collection) {
    return read(server, collection, PROGRESS)
        .map(
            text ->
                progress(text)
                    .orElseThrow(
                        () ->
                            new IndexException(
                                IndexException.Kind.CORRUPT,
                                "the progress of " + collection + " cannot be read")))
        .orElse(Progress.NONE);
  }

  /** A progress as text. */
  static String text(Progress progress) {
    JsonObject positions = new JsonObject();
    progress
        .positions()
        .forEach(
            (partition, next) ->
                positions.addProperty(partition.partition() + "/" + partition.topic(), next));
    JsonObject applied = new JsonObject();
    progress
        .applied()
        .forEach((partition, next) -> applied.addProperty(Integer.toString(partition), next));
    JsonObject json = new JsonObject();
    json.add("positions", positions);
    json.add("applied", applied);
    return json.toString();
  }

  /** Inverse of {@link #text}; empty for anything else. */
  static Optional<Progress> progress(String text) {
    try {
      JsonObject json = JsonParser.parseString(text).getAsJsonObject();
      Map<LogPartition, Long> positions = new HashMap<>();
      json.getAsJsonObject("positions")
          .entrySet()
          .forEach(
              entry -> {
                String[] parts = entry.getKey().split("/", 2);
                positions.put(
                    new LogPartition(parts[1], Integer.parseInt(parts[0])),
                    entry.getValue().getAsLong());
              });
      Map<Integer, Long> applied = new HashMap<>();
      json.getAsJsonObject("applied")
          .entrySet()
          .forEach(
              entry -> applied.put(Integer.parseInt(entry.getKey()), entry.getValue().getAsLong()));
      return Optional.of(new Progress(positions, applied));
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | ArrayIndexOutOfBoundsException
        | NullPointerException e) {
      return Optional.empty();
    }
  }
}
