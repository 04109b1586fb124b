package dev.lookalike.query.index.milvus;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.query.index.State;
import io.milvus.v2.common.ConsistencyLevel;
import io.milvus.v2.service.vector.request.QueryReq;
import io.milvus.v2.service.vector.request.SearchReq;
import io.milvus.v2.service.vector.request.data.FloatVec;
import io.milvus.v2.service.vector.response.QueryResp;
import io.milvus.v2.service.vector.response.SearchResp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Reads the rows of one Milvus collection. Thread-safe. */
final class RowReader {
  /** Ids of one read; servers give 16,384 rows. */
  static final int MAX_IDS = 10_000;

  /** Rows of one read, at most. */
  static final int MAX_ROWS = 500;

  /** Floats of one read: they come as objects. */
  private static final int MAX_FLOATS = 256 << 10;

  /** Least width of a search along the graph. */
  private static final int MIN_WIDTH = 160;

  /** Ordered pages are given up after so many in a row that came out of order. */
  private static final int TRUSTED_PAGES = 3;

  private static final String COUNT = "count(*)";

  private final MilvusServer server;
  private final String name;
  private final Layout layout;
  private final Freshness freshness;
  private final Runnable checkOpen;

  /** Pages by id in a row that came out of order, or were written into meanwhile. */
  private volatile int unordered;

  /**
   * @param name of the Milvus collection
   * @param checkOpen throws when the index is closed
   */
  RowReader(
      MilvusServer server, String name, Layout layout, Freshness freshness, Runnable checkOpen) {
    this.server = server;
    this.name = name;
    this.layout = layout;
    this.freshness = freshness;
    this.checkOpen = checkOpen;
  }

  /** The condition that an image is in a state. */
  static String inState(State state) {
    return Rows.STATE + " == " + Expression.quoted(Rows.letter(state));
  }

  /** The number of rows that meet a condition. */
  long count(String condition) {
    QueryResp counted =
        server.ask(
            "count " + name,
            client ->
                client.query(
                    QueryReq.builder()
                        .collectionName(name)
                        .filter(condition)
                        .outputFields(List.of(COUNT))
                        .consistencyLevel(freshness.level())
                        .build()));
    return counted.getQueryResults().stream()
        .findFirst()
        .map(result -> (Number) result.getEntity().get(COUNT))
        .orElse(0)
        .longValue();
  }

  /**
   * Reads the rows of images, in any order, some at a time.
   *
   * @param vectors whether the rows carry their vector
   */
  void rows(List<String> imageIds, boolean vectors, Consumer<Map<String, Object>> each) {
    rows(imageIds, vectors, freshness.level(), each);
  }

  void rows(
      List<String> imageIds,
      boolean vectors,
      ConsistencyLevel level,
      Consumer<Map<String, Object>> each) {
    checkOpen.run();
    int step = vectors ? Math.clamp(MAX_FLOATS / layout.dimension(), 16, MAX_ROWS) : MAX_ROWS;
    List<String> fields = new ArrayList<>(List.of(Rows.ID, Rows.RECORD));
    if (vectors) {
      fields.add(Rows.VECTOR);
    }
    for (int start = 0; start < imageIds.size(); start += step) {
      List<String> some =
          imageIds.subList(start, Math.min(imageIds.size(), start + step)).stream()
              .map(SortedText::of)
              .toList();
      QueryResp found =
          server.ask(
              "read " + name,
              client ->
                  client.query(
                      QueryReq.builder()
                          .collectionName(name)
                          .filter(Rows.ID + " in " + Expression.quoted(some))
                          .outputFields(fields)
                          .consistencyLevel(level)
                          .build()));
      found.getQueryResults().forEach(result -> each.accept(result.getEntity()));
    }
  }

  /**
   * Ids of the images that meet a condition, in their order.
   *
   * <p>With a limit, some servers give the first rows, some any: a page counts only if as many rows
   * are counted up to its end. Otherwise all ids of a part that is small enough are read.
   *
   * @param after only larger ids than this
   * @param limit at most {@link #MAX_IDS}
   */
  List<String> ids(String condition, Optional<String> after, int limit) {
    String beyond =
        after
            .map(id -> condition + " and " + Rows.ID + " > " + Expression.quoted(SortedText.of(id)))
            .orElse(condition);
    if (unordered < TRUSTED_PAGES) {
      List<String> page = sortedIds(beyond, limit);
      if (page.size() < limit || count(upTo(beyond, page.get(limit - 1))) == limit) {
        unordered = 0;
        return page;
      }
      unordered++;
    }
    String part = beyond;
    while (count(part) > MAX_IDS) {
      List<String> some = sortedIds(part, MAX_IDS);
      part = upTo(beyond, some.get(some.size() / 2));
    }
    List<String> all = sortedIds(part, MAX_IDS);
    if (all.size() >= limit || part.equals(beyond)) {
      return all.subList(0, Math.min(limit, all.size()));
    }
    List<String> page = new ArrayList<>(all);
    page.addAll(ids(condition, Optional.of(all.get(all.size() - 1)), limit - all.size()));
    return page;
  }

  private static String upTo(String condition, String id) {
    return condition + " and " + Rows.ID + " <= " + Expression.quoted(SortedText.of(id));
  }

  private List<String> sortedIds(String condition, int limit) {
    QueryResp found =
        server.ask(
            "list " + name,
            client ->
                client.query(
                    QueryReq.builder()
                        .collectionName(name)
                        .filter(condition)
                        .outputFields(List.of(Rows.ID))
                        .limit(limit)
                        .consistencyLevel(freshness.level())
                        .build()));
    return found.getQueryResults().stream()
        .map(result -> String.valueOf(result.getEntity().get(Rows.ID)))
        .sorted(Comparator.comparing(id -> id.getBytes(UTF_8), Arrays::compareUnsigned))
        .distinct()
        .map(SortedText::read)
        .collect(Collectors.toCollection(ArrayList::new));
  }

  /**
   * Ids of the images that the graph leads to, about the nearest ones.
   *
   * @param limit at most 16,384
   */
  List<String> nearest(float[] vector, String condition, int limit) {
    Map<String, Object> params = new HashMap<>(server.options().searchParams());
    switch (layout.indexType()) {
      case "HNSW" -> params.putIfAbsent("ef", Math.max(MIN_WIDTH, 2 * limit));
      case "DISKANN" -> params.putIfAbsent("search_list", Math.max(MIN_WIDTH, 2 * limit));
      default -> {}
    }
    SearchResp found =
        server.ask(
            "search " + name,
            client ->
                client.search(
                    SearchReq.builder()
                        .collectionName(name)
                        .annsField(Rows.VECTOR)
                        .data(List.of(new FloatVec(vector)))
                        .limit(limit)
                        .filter(condition)
                        .searchParams(params)
                        .consistencyLevel(freshness.level())
                        .build()));
    if (found.getSearchResults().isEmpty()) {
      return List.of();
    }
    Set<String> ids = new LinkedHashSet<>();
    found
        .getSearchResults()
        .get(0)
        .forEach(result -> ids.add(SortedText.read(String.valueOf(result.getId()))));
    return List.copyOf(ids);
  }
}
