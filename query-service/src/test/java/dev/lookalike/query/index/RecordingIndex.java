package dev.lookalike.query.index;

import dev.lookalike.query.filter.Filter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/** An index in memory that notes what it is asked, and fails where a test wants it to. */
public final class RecordingIndex implements VectorIndex {
  /** What was asked for neighbours so far. */
  public final List<Nearest> asked = new ArrayList<>();

  /** What every read throws; null: nothing. */
  public @Nullable IndexException failure;

  public boolean closed;
  private final int dimension;
  private final SortedMap<String, FoldedImage> records = new ConcurrentSkipListMap<>();
  private volatile Progress progress = Progress.NONE;

  public RecordingIndex(int dimension) {
    this.dimension = dimension;
  }

  /** An index with these changes, and no progress. */
  public static RecordingIndex of(int dimension, Change... changes) {
    RecordingIndex index = new RecordingIndex(dimension);
    index.apply(List.of(changes), Progress.NONE);
    return index;
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public void apply(List<Change> changes, Progress next) {
    for (Change change : changes) {
      Fold.apply(Optional.ofNullable(records.get(change.imageId())), change)
          .ifPresent(record -> records.put(change.imageId(), record));
    }
    progress = next;
  }

  @Override
  public boolean refresh() {
    return true;
  }

  @Override
  public void commit() {}

  @Override
  public Progress progress() {
    fail();
    return progress;
  }

  private void fail() {
    if (failure != null) {
      throw failure;
    }
  }

  private List<Entry> entries() {
    fail();
    return records.values().stream().flatMap(record -> record.entry().stream()).toList();
  }

  private static Entry shown(Entry entry, boolean embedding) {
    return new Entry(
        entry.imageId(),
        entry.version(),
        entry.state(),
        entry.outcome(),
        entry.attributes(),
        entry.labels(),
        embedding ? entry.embedding() : Optional.empty());
  }

  @Override
  public List<Neighbour> nearest(Nearest query) {
    asked.add(query);
    return entries().stream()
        .filter(entry -> entry.state() == State.SEARCHABLE)
        .filter(entry -> FilterMatcher.matches(query.filter(), entry))
        .map(
            entry ->
                new Neighbour(
                    shown(entry, query.embeddings()),
                    dot(query.vector(), entry.embedding().orElseThrow())))
        .filter(
            found ->
                query
                    .after()
                    .map(place -> place.isBefore(found.similarity(), found.entry().imageId()))
                    .orElse(true))
        .sorted(
            Comparator.comparing(Neighbour::similarity)
                .reversed()
                .thenComparing(found -> found.entry().imageId()))
        .limit(query.k())
        .toList();
  }

  private static float dot(float[] one, float[] other) {
    float sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return sum;
  }

  @Override
  public List<Entry> get(Collection<String> imageIds, boolean embeddings) {
    return entries().stream()
        .filter(entry -> imageIds.contains(entry.imageId()))
        .map(entry -> shown(entry, embeddings))
        .toList();
  }

  @Override
  public List<Entry> list(Listing query) {
    return entries().stream()
        .filter(entry -> query.states().contains(entry.state()))
        .filter(entry -> FilterMatcher.matches(query.filter(), entry))
        .filter(
            entry -> query.after().map(after -> entry.imageId().compareTo(after) > 0).orElse(true))
        .limit(query.limit())
        .map(entry -> shown(entry, query.embeddings()))
        .toList();
  }

  @Override
  public long count(Filter filter) {
    return entries().stream()
        .filter(entry -> entry.state() == State.SEARCHABLE)
        .filter(entry -> FilterMatcher.matches(filter, entry))
        .count();
  }

  @Override
  public Counts counts() {
    return new Counts(count(State.SEARCHABLE), count(State.REJECTED), count(State.DELETED));
  }

  private long count(State state) {
    return entries().stream().filter(entry -> entry.state() == state).count();
  }

  @Override
  public void close() {
    closed = true;
  }
}
