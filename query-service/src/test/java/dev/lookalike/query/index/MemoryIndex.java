package dev.lookalike.query.index;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.query.filter.Filter;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * An index in memory, held to the same contract as the others: for tests of what uses indexes. What
 * is durable is in a {@link Disk}.
 */
public final class MemoryIndex implements VectorIndex {
  /** What survives a crash. */
  public static final class Disk {
    private Map<String, FoldedImage> images = Map.of();
    private Progress progress = Progress.NONE;
  }

  private static final Comparator<String> BY_UTF_8 =
      Comparator.comparing(text -> text.getBytes(UTF_8), Arrays::compareUnsigned);
  private static final Comparator<Neighbour> BEST_FIRST =
      Comparator.comparing(Neighbour::similarity)
          .reversed()
          .thenComparing(neighbour -> neighbour.entry().imageId());

  private final Disk disk;
  private final int dimension;
  private final Map<String, FoldedImage> applied = new HashMap<>();
  private Progress appliedProgress;
  private Map<String, FoldedImage> visible;
  private Progress visibleProgress;
  private boolean closed;
  private boolean seenByAll = true;
  private int commits;
  private int refreshes;

  private MemoryIndex(Disk disk, int dimension) {
    this.disk = disk;
    this.dimension = dimension;
    applied.putAll(disk.images);
    this.appliedProgress = disk.progress;
    this.visible = disk.images;
    this.visibleProgress = disk.progress;
  }

  public static MemoryIndex open(Disk disk, int dimension) {
    return new MemoryIndex(disk, dimension);
  }

  /** An empty one whose end is that of the test. */
  public static MemoryIndex of(int dimension) {
    return open(new Disk(), dimension);
  }

  /** From now on what {@link #refresh} returns. */
  public void seenByAll(boolean seen) {
    seenByAll = seen;
  }

  public synchronized int commits() {
    return commits;
  }

  public synchronized int refreshes() {
    return refreshes;
  }

  public synchronized boolean isClosed() {
    return closed;
  }

  /** From now on everything fails, as after a failure of the disk. */
  public synchronized void crash() {
    closed = true;
  }

  private void open() {
    if (closed) {
      throw new IndexException(IndexException.Kind.UNAVAILABLE, "the index is closed");
    }
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public synchronized void apply(List<Change> changes, Progress progress) {
    open();
    for (Change change : changes) {
      change.requireDimension(dimension);
      Fold.apply(Optional.ofNullable(applied.get(change.imageId())), change)
          .ifPresent(image -> applied.put(image.imageId(), image));
    }
    appliedProgress = progress;
  }

  @Override
  public synchronized boolean refresh() {
    open();
    refreshes++;
    visible = Map.copyOf(applied);
    visibleProgress = appliedProgress;
    return seenByAll;
  }

  @Override
  public synchronized void commit() {
    open();
    commits++;
    disk.images = Map.copyOf(applied);
    disk.progress = appliedProgress;
  }

  @Override
  public synchronized Progress progress() {
    return visibleProgress;
  }

  /** Entries in the order of their ids. */
  private synchronized Stream<Entry> entries() {
    open();
    Map<String, FoldedImage> sorted = new TreeMap<>(BY_UTF_8);
    sorted.putAll(visible);
    return sorted.values().stream().flatMap(image -> image.entry().stream());
  }

  private Stream<Entry> searchable(Filter filter) {
    return entries()
        .filter(entry -> entry.state() == State.SEARCHABLE && FilterMatcher.matches(filter, entry));
  }

  @Override
  public List<Neighbour> nearest(Nearest query) {
    query.requireDimension(dimension);
    return searchable(query.filter())
        .map(
            entry ->
                new Neighbour(
                    with(entry, query.embeddings()),
                    similarity(query.vector(), entry.embedding().orElseThrow())))
        .filter(
            found ->
                query
                    .after()
                    .filter(place -> !place.isBefore(found.similarity(), found.entry().imageId()))
                    .isEmpty())
        .sorted(BEST_FIRST)
        .limit(query.k())
        .toList();
  }

  private static float similarity(float[] one, float[] other) {
    float sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return Math.clamp(sum, -1f, 1f);
  }

  private static Entry with(Entry entry, boolean embedding) {
    return embedding
        ? entry
        : new Entry(
            entry.imageId(),
            entry.version(),
            entry.state(),
            entry.outcome(),
            entry.attributes(),
            entry.labels(),
            Optional.empty());
  }

  @Override
  public List<Entry> get(Collection<String> imageIds, boolean embeddings) {
    Map<String, Entry> all = new HashMap<>();
    entries().forEach(entry -> all.put(entry.imageId(), with(entry, embeddings)));
    return imageIds.stream().flatMap(id -> Optional.ofNullable(all.get(id)).stream()).toList();
  }

  @Override
  public List<Entry> list(Listing query) {
    return entries()
        .filter(entry -> query.states().contains(entry.state()))
        .filter(entry -> FilterMatcher.matches(query.filter(), entry))
        .filter(
            entry ->
                query.after().filter(id -> BY_UTF_8.compare(entry.imageId(), id) <= 0).isEmpty())
        .limit(query.limit())
        .map(entry -> with(entry, query.embeddings()))
        .toList();
  }

  @Override
  public long count(Filter filter) {
    return searchable(filter).count();
  }

  @Override
  public Counts counts() {
    List<State> states = entries().map(Entry::state).toList();
    return new Counts(
        states.stream().filter(State.SEARCHABLE::equals).count(),
        states.stream().filter(State.REJECTED::equals).count(),
        states.stream().filter(State.DELETED::equals).count());
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      commit();
      closed = true;
    }
  }
}
