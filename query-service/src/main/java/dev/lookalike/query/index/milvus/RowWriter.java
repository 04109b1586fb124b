package dev.lookalike.query.index.milvus;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.lookalike.log.Versions;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Fold;
import dev.lookalike.query.index.FoldedImage;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Progress;
import io.milvus.v2.common.ConsistencyLevel;
import io.milvus.v2.service.vector.request.UpsertReq;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes the rows of one Milvus collection. What the server acknowledges is durable.
 *
 * <p>Fencing: an upsert of Milvus compares nothing. So the rows of the images that a call changes
 * are read, folded with the changes, and written again. That is right as long as nobody else writes
 * the same images meanwhile; two writers that read the same log write the same rows, and {@link
 * Fold} makes them converge.
 *
 * <p>Used by one thread at a time.
 */
final class RowWriter {
  /** Images read, folded and written together, at most. */
  private static final int MAX_IMAGES = 500;

  /** Bytes of one write, about; servers take 64 MiB. */
  private static final long MAX_BYTES = 8 << 20;

  /** Images remembered that were written a moment ago; at 1,280 dimensions 6 KiB each. */
  private static final int MAX_RECENT = 1024;

  private final MilvusServer server;
  private final String name;
  private final Layout layout;
  private final Freshness freshness;
  private final RowReader reader;
  private final RecentImages recent = new RecentImages(MAX_RECENT, System.nanoTime());

  /**
   * @param name of the Milvus collection
   */
  RowWriter(
      MilvusServer server, String name, Layout layout, Freshness freshness, RowReader reader) {
    this.server = server;
    this.name = name;
    this.layout = layout;
    this.freshness = freshness;
    this.reader = reader;
  }

  /**
   * Applies changes in their order.
   *
   * @throws IllegalArgumentException for an embedding of another length; then nothing is applied
   */
  void apply(List<Change> changes) {
    Map<String, List<Change>> byImage = new LinkedHashMap<>();
    for (Change change : changes) {
      change.requireDimension(layout.dimension());
      byImage.computeIfAbsent(change.imageId(), id -> new ArrayList<>()).add(change);
    }
    List<String> ids = List.copyOf(byImage.keySet());
    for (int start = 0; start < ids.size(); start += MAX_IMAGES) {
      apply(byImage, ids.subList(start, Math.min(ids.size(), start + MAX_IMAGES)));
    }
  }

  /** Writes how far the index is: after what it speaks of. */
  void write(Progress progress) {
    upsert(List.of(Rows.ofOurs(OwnRows.PROGRESS, OwnRows.text(progress), layout.dimension())));
  }

  private void apply(Map<String, List<Change>> changes, List<String> ids) {
    Map<String, FoldedImage> current = current(changes, ids);
    Map<String, FoldedImage> written = new LinkedHashMap<>();
    List<JsonObject> rows = new ArrayList<>();
    long bytes = 0;
    for (String id : ids) {
      Optional<FoldedImage> folded =
          fold(Optional.ofNullable(current.get(id)), changes.getOrDefault(id, List.of()));
      if (folded.isEmpty()) {
        continue;
      }
      JsonObject row = Rows.of(folded.get(), layout.dimension(), layout.tenantAttribute());
      long size = size(row);
      if (bytes + size > MAX_BYTES && !rows.isEmpty()) {
        upsertImages(rows);
        rows.clear();
        bytes = 0;
      }
      rows.add(row);
      written.put(id, folded.get());
      bytes += size;
    }
    upsertImages(rows);
    recent.wrote(written, System.nanoTime());
  }

  /** The image after the changes; empty if they change nothing. */
  private static Optional<FoldedImage> fold(Optional<FoldedImage> current, List<Change> changes) {
    Optional<FoldedImage> image = current;
    boolean moved = false;
    for (Change change : changes) {
      Optional<FoldedImage> next = Fold.apply(image, change);
      moved |= next.isPresent();
      image = next.isPresent() ? next : image;
    }
    return moved ? image : Optional.empty();
  }

  /** What is known of the images, as far as the changes need it. */
  private Map<String, FoldedImage> current(Map<String, List<Change>> changes, List<String> ids) {
    Map<String, FoldedImage> current = new HashMap<>();
    List<String> unknown = new ArrayList<>();
    for (String id : ids) {
      recent.get(id).ifPresentOrElse(image -> current.put(id, image), () -> unknown.add(id));
    }
    ConsistencyLevel level =
        recent.isComplete(System.nanoTime()) ? ConsistencyLevel.BOUNDED : freshness.level();
    reader.rows(unknown, false, level, row -> current.put(Rows.id(row), Rows.record(row)));
    List<String> withVector =
        unknown.stream().filter(id -> needsVector(current.get(id), changes.get(id))).toList();
    reader.rows(withVector, true, level, row -> current.put(Rows.id(row), Rows.record(row)));
    return current;
  }

  /** Only a newer outcome leaves nothing of the vector that is there. */
  private static boolean needsVector(
      @Nullable FoldedImage current, @Nullable List<Change> changes) {
    if (current == null
        || changes == null
        || current.outcome().filter(outcome -> outcome.event().hasEmbedded()).isEmpty()) {
      return false;
    }
    Change first = changes.get(0);
    return !(first instanceof Change.Outcome outcome)
        || Versions.OLDEST_FIRST.compare(
                outcome.version(), current.outcome().orElseThrow().version())
            <= 0;
  }

  /** Bytes of a row in a request, about. */
  private long size(JsonObject row) {
    long size = 4L * layout.dimension() + 64L * row.getAsJsonArray(Rows.TERMS).size() + 1024;
    for (JsonElement piece : row.getAsJsonArray(Rows.RECORD)) {
      size += piece.getAsString().length();
    }
    return size;
  }

  private void upsertImages(List<JsonObject> rows) {
    if (rows.isEmpty()) {
      return;
    }
    try {
      upsert(rows);
    } finally {
      // Also after a failure: the server may have written all the same.
      freshness.wrote();
    }
  }

  private void upsert(List<JsonObject> rows) {
    long written =
        server.ask(
            "upsert into " + name,
            client ->
                client
                    .upsert(UpsertReq.builder().collectionName(name).data(rows).build())
                    .getUpsertCnt());
    if (written != rows.size()) {
      throw new IndexException(
          IndexException.Kind.UNAVAILABLE,
          "Milvus took " + written + " of " + rows.size() + " rows");
    }
  }
}
