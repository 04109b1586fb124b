package dev.lookalike.query.index.milvus;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.lookalike.log.Versions;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Counts;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.FilterMatcher;
import dev.lookalike.query.index.Fold;
import dev.lookalike.query.index.FoldedImage;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Listing;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Neighbour;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.State;
import dev.lookalike.query.index.VectorIndex;
import io.milvus.v2.common.ConsistencyLevel;
import io.milvus.v2.service.vector.request.QueryReq;
import io.milvus.v2.service.vector.request.SearchReq;
import io.milvus.v2.service.vector.request.UpsertReq;
import io.milvus.v2.service.vector.request.data.FloatVec;
import io.milvus.v2.service.vector.response.QueryResp;
import io.milvus.v2.service.vector.response.SearchResp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * An index in a collection of Milvus. What a server acknowledges is durable; so progress, rows of
 * the same collection, is written after what it speaks of.
 *
 * <p>Fencing: an upsert of Milvus compares nothing. So the rows of the images that a call changes
 * are read, folded with the changes, and written again. That is right as long as nobody else writes
 * the same images meanwhile; two writers that read the same log write the same records, and {@link
 * Fold} makes them converge.
 *
 * <p>Consistency: reads are bounded stale (seconds, as the server is set), unless something was
 * written so recently that this could miss it. Then they wait for it: for the writes of this
 * process (session), or for all there are (strong) where another one writes.
 *
 * <p>Concurrency: what writes holds the monitor.
 */
public final class MilvusIndex implements VectorIndex {
  /** Rows of one write or read, at most. */
  private static final int MAX_ROWS = 500;

  /** Bytes of one write, about; servers take 64 MiB. */
  private static final long MAX_WRITE_BYTES = 8 << 20;

  /** Floats of one read: they come as objects. */
  private static final int MAX_READ_FLOATS = 256 << 10;

  /** Ids of one read; servers give 16,384 rows. */
  private static final int MAX_IDS = 10_000;

  /** Neighbours that a server gives. */
  private static final int MAX_NEIGHBOURS = 16_384;

  /** Further than what a bounded stale read may be behind: 5 s where nobody has changed it. */
  private static final Duration SETTLED = Duration.ofSeconds(10);

  /** Candidates beyond those wanted: for equal ones at the end, and what is not admitted. */
  private static final int SPARE = 16;

  /** Least width of a search along the graph. */
  private static final int MIN_WIDTH = 160;

  /** After so many pages in a row that were out of order no more are tried. */
  private static final int TRUSTED_PAGES = 3;

  /** Between two writes of the progress, while more goes on being applied. */
  private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(500);

  private static final Logger LOG = Logger.getLogger(MilvusIndex.class);

  private static final String PROGRESS = "progress";
  private static final String COUNT = "count(*)";

  /** Records kept that were written a moment ago; at 1,280 dimensions 6 KiB each. */
  private static final int MAX_RECENT = 1024;

  private final MilvusServer server;
  private final String name;
  private final Layout layout;
  private final boolean writes;
  private final String tenantAttribute;
  private Progress applied;
  private boolean dirty;
  private long told = System.nanoTime() - PROGRESS_INTERVAL.toNanos();

  /**
   * What was written so recently that a bounded stale read may miss it, the oldest first: so that
   * the read before the next write need not wait for it.
   */
  private final Map<String, Written> recent = new LinkedHashMap<>();

  /** When something had to leave {@link #recent} too early, or when this was opened. */
  private long forgot = System.nanoTime();

  private volatile Progress visible;
  private volatile long changed = System.nanoTime();
  private volatile boolean wrote;
  private volatile boolean closed;
  private final LongAdder widened = new LongAdder();

  /** Pages by id in a row that came out of order, or were written into meanwhile. */
  private volatile int unordered;

  /**
   * @param name of the Milvus collection, which is there and loaded
   * @param writes false: another process writes
   */
  MilvusIndex(MilvusServer server, String name, Layout layout, boolean writes) {
    this.server = server;
    this.name = name;
    this.layout = layout;
    this.writes = writes;
    this.tenantAttribute = server.findsByPartitionKey() ? layout.tenantAttribute() : "";
    this.applied = readProgress();
    this.visible = applied;
  }

  private record Written(FoldedImage record, long at) {}

  /** Of the Milvus collection. */
  public String name() {
    return name;
  }

  Layout layout() {
    return layout;
  }

  @Override
  public int dimension() {
    return layout.dimension();
  }

  @Override
  public synchronized void apply(List<Change> changes, Progress progress) {
    if (!writes) {
      throw new IllegalStateException("another process writes");
    }
    Map<String, List<Change>> byImage = new LinkedHashMap<>();
    for (Change change : changes) {
      check(change);
      byImage.computeIfAbsent(change.imageId(), id -> new ArrayList<>()).add(change);
    }
    List<String> ids = List.copyOf(byImage.keySet());
    for (int start = 0; start < ids.size(); start += MAX_ROWS) {
      apply(byImage, ids.subList(start, Math.min(ids.size(), start + MAX_ROWS)));
    }
    dirty |= !progress.equals(applied);
    applied = progress;
  }

  private void apply(Map<String, List<Change>> changes, List<String> ids) {
    Map<String, FoldedImage> current = current(changes, ids);
    Map<String, FoldedImage> written = new LinkedHashMap<>();
    List<JsonObject> rows = new ArrayList<>();
    long bytes = 0;
    for (String id : ids) {
      Optional<FoldedImage> record = Optional.ofNullable(current.get(id));
      boolean moved = false;
      for (Change change : changes.getOrDefault(id, List.of())) {
        Optional<FoldedImage> next = Fold.apply(record, change);
        moved |= next.isPresent();
        record = next.isPresent() ? next : record;
      }
      if (!moved || record.isEmpty()) {
        continue;
      }
      JsonObject row = Rows.of(record.get(), layout.dimension(), layout.tenantAttribute());
      long size = size(row);
      if (bytes + size > MAX_WRITE_BYTES && !rows.isEmpty()) {
        upsert(rows);
        rows.clear();
        bytes = 0;
      }
      rows.add(row);
      written.put(id, record.get());
      bytes += size;
    }
    upsert(rows);
    remember(written);
  }

  private Map<String, FoldedImage> current(Map<String, List<Change>> changes, List<String> ids) {
    Map<String, FoldedImage> current = new HashMap<>();
    List<String> unknown = new ArrayList<>();
    for (String id : ids) {
      Written written = recent.get(id);
      if (written == null) {
        unknown.add(id);
      } else {
        current.put(id, written.record());
      }
    }
    ConsistencyLevel level =
        System.nanoTime() - forgot > SETTLED.toNanos() ? ConsistencyLevel.BOUNDED : consistency();
    rows(unknown, false, level, row -> current.put(Rows.id(row), Rows.record(row)));
    List<String> withVector =
        unknown.stream().filter(id -> needsVector(current.get(id), changes.get(id))).toList();
    rows(withVector, true, level, row -> current.put(Rows.id(row), Rows.record(row)));
    return current;
  }

  private void remember(Map<String, FoldedImage> written) {
    long now = System.nanoTime();
    written.forEach(
        (id, record) -> {
          recent.remove(id);
          recent.put(id, new Written(record, now));
        });
    Iterator<Written> oldest = recent.values().iterator();
    while (oldest.hasNext()) {
      boolean settled = now - oldest.next().at() > SETTLED.toNanos();
      if (!settled && recent.size() <= MAX_RECENT) {
        return;
      }
      oldest.remove();
      if (!settled) {
        forgot = now;
      }
    }
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

  private long size(JsonObject row) {
    long size = 4L * layout.dimension() + 64L * row.getAsJsonArray(Rows.TERMS).size() + 1024;
    for (JsonElement piece : row.getAsJsonArray(Rows.RECORD)) {
      size += piece.getAsString().length();
    }
    return size;
  }

  private void check(Change change) {
    if (change instanceof Change.Outcome outcome && outcome.event().hasEmbedded()) {
      int length = outcome.embedding().map(vector -> vector.length).orElse(0);
      if (length != layout.dimension()) {
        throw new IllegalArgumentException(
            "embedding of " + length + " dimensions in an index of " + layout.dimension());
      }
    }
  }

  private void upsert(List<JsonObject> rows) {
    if (rows.isEmpty()) {
      return;
    }
    try {
      write(rows);
    } finally {
      changed = System.nanoTime();
      wrote = true;
    }
  }

  private void write(List<JsonObject> rows) {
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

  @Override
  public synchronized boolean refresh() {
    open();
    if (!writes) {
      Progress read = readProgress();
      if (!read.equals(visible)) {
        changed = System.nanoTime();
        visible = read;
      }
      return true;
    }
    // What was applied is durable already. Others learn of it by the progress that is written.
    if (System.nanoTime() - told > PROGRESS_INTERVAL.toNanos()) {
      commit();
    }
    visible = applied;
    return !dirty;
  }

  /** Writes the progress. */
  @Override
  public synchronized void commit() {
    open();
    if (dirty) {
      write(List.of(Rows.ofOurs(PROGRESS, write(applied), layout.dimension())));
      dirty = false;
      told = System.nanoTime();
    }
  }

  private void open() {
    if (closed) {
      throw new IndexException(IndexException.Kind.UNAVAILABLE, "the index is closed");
    }
  }

  @Override
  public Progress progress() {
    return visible;
  }

  private static String write(Progress progress) {
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

  private Progress readProgress() {
    Optional<String> text = ours(server, name, PROGRESS);
    if (text.isEmpty()) {
      return Progress.NONE;
    }
    try {
      JsonObject json = JsonParser.parseString(text.get()).getAsJsonObject();
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
      Map<Integer, Long> applications = new HashMap<>();
      json.getAsJsonObject("applied")
          .entrySet()
          .forEach(
              entry ->
                  applications.put(Integer.parseInt(entry.getKey()), entry.getValue().getAsLong()));
      return new Progress(positions, applications);
    } catch (JsonParseException | IllegalStateException | IllegalArgumentException e) {
      throw new IndexException(
          IndexException.Kind.CORRUPT, "the progress of " + name + " cannot be read", e);
    }
  }

  /** What a row of ours says, as it is now. */
  static Optional<String> ours(MilvusServer server, String collection, String row) {
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

  @Override
  public List<Neighbour> nearest(Nearest query) {
    if (query.vector().length != layout.dimension()) {
      throw new IllegalArgumentException(
          "vector of "
              + query.vector().length
              + " dimensions in an index of "
              + layout.dimension());
    }
    open();
    Expression asked = Expression.of(query.filter(), tenantAttribute);
    return query.exact() || query.after().isPresent() ? scan(query, asked) : walk(query, asked);
  }

  /** Along the graph; then the candidates are compared exactly. */
  private List<Neighbour> walk(Nearest query, Expression asked) {
    String condition = asked.after(inState(State.SEARCHABLE));
    int limit = Math.min(MAX_NEIGHBOURS, query.k() + Math.max(SPARE, query.k() / 4));
    while (true) {
      List<String> ids = search(query.vector(), condition, limit);
      Best best = new Best(query);
      rows(ids, true, best::add);
      List<Neighbour> found = best.neighbours();
      boolean all = ids.size() < limit;
      // Of equal ones at the end, those of smaller ids may be still to come.
      boolean cut =
          !all
              && found.size() == query.k()
              && best.last() >= found.get(found.size() - 1).similarity();
      if (found.size() == query.k() && !cut) {
        return found;
      }
      if (all) {
        // A graph whose admitted part falls apart may not lead to all of it.
        if (found.size() == query.k() || ids.size() >= count(condition)) {
          return found;
        }
        widened.increment();
        return scan(query, asked);
      }
      if (limit == MAX_NEIGHBOURS) {
        return scan(query, asked);
      }
      widened.increment();
      limit = (int) Math.min(MAX_NEIGHBOURS, limit * 8L);
    }
  }

  private List<String> search(float[] vector, String condition, int limit) {
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
                        .consistencyLevel(consistency())
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

  /** For tests: searches along the graph that did not suffice: done again wider, or by a scan. */
  long widened() {
    return widened.sum();
  }

  /** Compares every admitted image. */
  private List<Neighbour> scan(Nearest query, Expression asked) {
    String condition = asked.after(inState(State.SEARCHABLE));
    bounded(condition);
    Best best = new Best(query);
    Optional<String> after = Optional.empty();
    while (true) {
      List<String> ids = ids(condition, after, MAX_IDS);
      rows(ids, true, best::add);
      if (ids.size() < MAX_IDS) {
        return best.neighbours();
      }
      after = Optional.of(ids.get(ids.size() - 1));
    }
  }

  private void bounded(String condition) {
    long rows = count(condition);
    if (rows > server.options().maxScanned()) {
      throw new IndexException(
          IndexException.Kind.TOO_MUCH,
          "it would compare "
              + rows
              + " images one by one, and at most "
              + server.options().maxScanned()
              + " are allowed");
    }
  }

  /** Collects the best neighbours among rows. */
  private static final class Best {
    private static final Comparator<Neighbour> BEST_FIRST =
        Comparator.comparing(Neighbour::similarity)
            .reversed()
            .thenComparing(neighbour -> neighbour.entry().imageId());

    private final Nearest query;
    private final PriorityQueue<Neighbour> kept = new PriorityQueue<>(BEST_FIRST.reversed());
    private float last = 1;

    Best(Nearest query) {
      this.query = query;
    }

    void add(Map<String, Object> row) {
      Optional<Entry> entry = Rows.record(row).entry();
      Optional<float[]> vector = entry.flatMap(Entry::embedding);
      if (vector.isEmpty() || !FilterMatcher.matches(query.filter(), entry.get())) {
        return;
      }
      float similarity = similarity(query.vector(), vector.get());
      last = Math.min(last, similarity);
      if (query
          .after()
          .filter(place -> !place.isBefore(similarity, entry.get().imageId()))
          .isPresent()) {
        return;
      }
      kept.add(
          new Neighbour(
              query.embeddings() ? entry.get() : withoutEmbedding(entry.get()), similarity));
      if (kept.size() > query.k()) {
        kept.remove();
      }
    }

    /** Similarity of the worst that was seen. */
    float last() {
      return last;
    }

    List<Neighbour> neighbours() {
      List<Neighbour> neighbours = new ArrayList<>(kept);
      neighbours.sort(BEST_FIRST);
      return neighbours;
    }

    private static Entry withoutEmbedding(Entry entry) {
      return new Entry(
          entry.imageId(),
          entry.version(),
          entry.state(),
          entry.outcome(),
          entry.attributes(),
          entry.labels(),
          Optional.empty());
    }

    /** Cosine of two unit vectors; rounding is kept out of what lies beyond the ends. */
    private static float similarity(float[] one, float[] other) {
      float a = 0;
      float b = 0;
      float c = 0;
      float d = 0;
      int i = 0;
      for (; i + 3 < one.length; i += 4) {
        a += one[i] * other[i];
        b += one[i + 1] * other[i + 1];
        c += one[i + 2] * other[i + 2];
        d += one[i + 3] * other[i + 3];
      }
      for (; i < one.length; i++) {
        a += one[i] * other[i];
      }
      return Math.clamp(a + b + c + d, -1f, 1f);
    }
  }

  @Override
  public List<Entry> get(Collection<String> imageIds, boolean embeddings) {
    open();
    Map<String, Entry> found = new HashMap<>();
    rows(
        List.copyOf(new LinkedHashSet<>(imageIds)),
        embeddings,
        row -> Rows.record(row).entry().ifPresent(entry -> found.put(entry.imageId(), entry)));
    return imageIds.stream().filter(found::containsKey).map(found::get).toList();
  }

  @Override
  public List<Entry> list(Listing query) {
    open();
    Expression asked = Expression.of(query.filter(), tenantAttribute);
    String condition =
        asked.after(
            Rows.STATE
                + " in "
                + Expression.quoted(query.states().stream().map(Rows::letter).sorted().toList()));
    List<Entry> entries = new ArrayList<>();
    Optional<String> after = query.after();
    int page = asked.exact() ? query.limit() : Math.max(MAX_ROWS, query.limit());
    int scanned = 0;
    while (true) {
      List<String> ids = ids(condition, after, page);
      Map<String, Entry> found = new HashMap<>();
      rows(
          ids,
          query.embeddings(),
          row -> Rows.record(row).entry().ifPresent(entry -> found.put(entry.imageId(), entry)));
      for (String id : ids) {
        Entry entry = found.get(id);
        if (entry != null
            && query.states().contains(entry.state())
            && FilterMatcher.matches(query.filter(), entry)) {
          entries.add(entry);
          if (entries.size() == query.limit()) {
            return entries;
          }
        }
      }
      scanned += ids.size();
      if (ids.size() < page) {
        return entries;
      }
      if (scanned > server.options().maxScanned()) {
        throw new IndexException(
            IndexException.Kind.TOO_MUCH,
            "it would look at more than " + server.options().maxScanned() + " images one by one");
      }
      after = Optional.of(ids.get(ids.size() - 1));
    }
  }

  @Override
  public long count(Filter filter) {
    open();
    Expression asked = Expression.of(filter, tenantAttribute);
    String searchable = inState(State.SEARCHABLE);
    if (asked.text().isEmpty() && asked.exact()) {
      return count(searchable);
    }
    if (!asked.exact()) {
      bounded(asked.after(searchable));
      return countOneByOne(filter, asked.after(searchable));
    }
    return count(asked.ofWhole(searchable))
        + countOneByOne(filter, searchable + " and " + Expression.PARTIAL);
  }

  private long countOneByOne(Filter filter, String condition) {
    long[] count = new long[1];
    Optional<String> after = Optional.empty();
    while (true) {
      List<String> ids = ids(condition, after, MAX_IDS);
      rows(
          ids,
          false,
          row -> {
            if (Rows.record(row)
                .entry()
                .filter(e -> FilterMatcher.matches(filter, e))
                .isPresent()) {
              count[0]++;
            }
          });
      if (ids.size() < MAX_IDS) {
        return count[0];
      }
      after = Optional.of(ids.get(ids.size() - 1));
    }
  }

  @Override
  public Counts counts() {
    open();
    return new Counts(
        count(inState(State.SEARCHABLE)),
        count(inState(State.REJECTED)),
        count(inState(State.DELETED)));
  }

  private static String inState(State state) {
    return Rows.STATE + " == " + Expression.quoted(Rows.letter(state));
  }

  private long count(String condition) {
    QueryResp counted =
        server.ask(
            "count " + name,
            client ->
                client.query(
                    QueryReq.builder()
                        .collectionName(name)
                        .filter(condition)
                        .outputFields(List.of(COUNT))
                        .consistencyLevel(consistency())
                        .build()));
    return counted.getQueryResults().stream()
        .findFirst()
        .map(result -> (Number) result.getEntity().get(COUNT))
        .orElse(0)
        .longValue();
  }

  /**
   * Ids of rows in their order. A limit makes some servers give the first ones, some any: a page
   * counts only if as many rows are counted up to its end. Else all ids of a part that is small
   * enough are read.
   */
  private List<String> ids(String condition, Optional<String> after, int limit) {
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
                        .consistencyLevel(consistency())
                        .build()));
    return found.getQueryResults().stream()
        .map(result -> String.valueOf(result.getEntity().get(Rows.ID)))
        .sorted(Comparator.comparing(id -> id.getBytes(UTF_8), Arrays::compareUnsigned))
        .distinct()
        .map(SortedText::read)
        .collect(Collectors.toCollection(ArrayList::new));
  }

  /** Reads the rows of images, in any order, some at a time. */
  private void rows(List<String> ids, boolean vectors, Consumer<Map<String, Object>> each) {
    rows(ids, vectors, consistency(), each);
  }

  private void rows(
      List<String> ids,
      boolean vectors,
      ConsistencyLevel level,
      Consumer<Map<String, Object>> each) {
    open();
    int step = vectors ? Math.clamp(MAX_READ_FLOATS / layout.dimension(), 16, MAX_ROWS) : MAX_ROWS;
    List<String> fields = new ArrayList<>(List.of(Rows.ID, Rows.RECORD));
    if (vectors) {
      fields.add(Rows.VECTOR);
    }
    for (int start = 0; start < ids.size(); start += step) {
      List<String> some =
          ids.subList(start, Math.min(ids.size(), start + step)).stream()
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

  private ConsistencyLevel consistency() {
    if (System.nanoTime() - changed > SETTLED.toNanos()) {
      return ConsistencyLevel.BOUNDED;
    }
    return wrote ? ConsistencyLevel.SESSION : ConsistencyLevel.STRONG;
  }

  /** Writes the last progress; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    try {
      if (writes && dirty) {
        commit();
      }
    } catch (IndexException e) {
      LOG.warnf("%s is closed without its last progress: %s", name, e.getMessage());
    } finally {
      closed = true;
    }
  }

  /** For tests: lets go as a crash would. */
  synchronized void abandon() {
    closed = true;
  }
}
