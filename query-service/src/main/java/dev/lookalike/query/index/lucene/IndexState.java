package dev.lookalike.query.index.lucene;

import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Progress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.index.CorruptIndexException;
import org.jspecify.annotations.Nullable;

/** What an index keeps in the user data of a Lucene commit. */
record IndexState(int dimension, Progress progress) {
  /** Format of the documents; an index with another one is rebuilt. */
  private static final String FORMAT = "2";

  private static final String POSITION = "position/";
  private static final String APPLIED = "applied/";

  Map<String, String> write() {
    Map<String, String> data = new HashMap<>();
    data.put("format", FORMAT);
    data.put("dimension", Integer.toString(dimension));
    progress
        .positions()
        .forEach(
            (partition, next) ->
                data.put(
                    POSITION + partition.partition() + "/" + partition.topic(),
                    Long.toString(next)));
    progress
        .applied()
        .forEach((partition, next) -> data.put(APPLIED + partition, Long.toString(next)));
    return data;
  }

  /** Inverse of {@link #write}; empty for an index that was just made. */
  static Optional<IndexState> read(@Nullable Iterable<Map.Entry<String, String>> data)
      throws CorruptIndexException {
    Map<String, String> present = new HashMap<>();
    if (data != null) {
      data.forEach(entry -> present.put(entry.getKey(), entry.getValue()));
    }
    if (present.isEmpty()) {
      return Optional.empty();
    }
    if (!FORMAT.equals(present.get("format"))) {
      throw new CorruptIndexException("it has format " + present.get("format"), "user data");
    }
    Map<LogPartition, Long> positions = new HashMap<>();
    Map<Integer, Long> applied = new HashMap<>();
    try {
      present.forEach(
          (key, value) -> {
            if (key.startsWith(POSITION)) {
              String[] parts = key.substring(POSITION.length()).split("/", 2);
              positions.put(
                  new LogPartition(parts[1], Integer.parseInt(parts[0])), Long.parseLong(value));
            } else if (key.startsWith(APPLIED)) {
              applied.put(Integer.parseInt(key.substring(APPLIED.length())), Long.parseLong(value));
            }
          });
      return Optional.of(
          new IndexState(
              Integer.parseInt(present.getOrDefault("dimension", "")),
              new Progress(positions, applied)));
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new CorruptIndexException("positions cannot be read", "user data", e);
    }
  }
}
