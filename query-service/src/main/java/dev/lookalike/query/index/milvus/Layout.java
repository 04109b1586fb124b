package dev.lookalike.query.index.milvus;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How a Milvus collection was made; kept in a row of it. If it would be made in another way now, it
 * is rebuilt, beside the old one.
 *
 * @param schema of the fields, as {@link Rows#SCHEMA}
 */
record Layout(
    int schema,
    int dimension,
    String tenantAttribute,
    int partitions,
    int shards,
    String indexType,
    Map<String, String> indexParams) {
  /** Older ones can no longer be read. */
  static final int OLDEST_READABLE = 1;

  Layout {
    indexParams = Map.copyOf(indexParams);
  }

  static Layout of(MilvusOptions options, int dimension) {
    return new Layout(
        Rows.SCHEMA,
        dimension,
        options.tenantAttribute(),
        options.partitions(),
        options.shards(),
        options.indexType(),
        options.indexParams());
  }

  String write() {
    JsonObject json = new JsonObject();
    json.addProperty("schema", schema);
    json.addProperty("dimension", dimension);
    json.addProperty("tenant", tenantAttribute);
    json.addProperty("partitions", partitions);
    json.addProperty("shards", shards);
    json.addProperty("index", indexType);
    JsonObject params = new JsonObject();
    new TreeMap<>(indexParams).forEach(params::addProperty);
    json.add("params", params);
    return json.toString();
  }

  /** Inverse of {@link #write}; empty for anything else. */
  static Optional<Layout> read(String text) {
    try {
      JsonObject json = JsonParser.parseString(text).getAsJsonObject();
      Map<String, String> params = new TreeMap<>();
      json.getAsJsonObject("params")
          .entrySet()
          .forEach(entry -> params.put(entry.getKey(), entry.getValue().getAsString()));
      return Optional.of(
          new Layout(
              json.get("schema").getAsInt(),
              json.get("dimension").getAsInt(),
              json.get("tenant").getAsString(),
              json.get("partitions").getAsInt(),
              json.get("shards").getAsInt(),
              json.get("index").getAsString(),
              params));
    } catch (JsonParseException
        | IllegalStateException
        | UnsupportedOperationException
        | NumberFormatException
        | NullPointerException e) {
      return Optional.empty();
    }
  }
}
