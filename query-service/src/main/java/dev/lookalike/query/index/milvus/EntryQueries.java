package dev.lookalike.query.index.milvus;

import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Counts;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.FilterMatcher;
import dev.lookalike.query.index.Listing;
import dev.lookalike.query.index.State;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads, lists and counts the entries of one Milvus collection. Thread-safe. */
record EntryQueries(RowReader reader, OneByOne oneByOne) {
  /** Entries by id, in the order of the ids; what is not there is left out. */
  List<Entry> get(Collection<String> imageIds, boolean embeddings) {
    Map<String, Entry> found = entries(List.copyOf(new LinkedHashSet<>(imageIds)), embeddings);
    return imageIds.stream().filter(found::containsKey).map(found::get).toList();
  }

  private Map<String, Entry> entries(List<String> imageIds, boolean embeddings) {
    Map<String, Entry> found = new HashMap<>();
    reader.rows(
        imageIds,
        embeddings,
        row -> Rows.record(row).entry().ifPresent(entry -> found.put(entry.imageId(), entry)));
    return found;
  }

  /**
   * A page of entries.
   *
   * @param asked the filter of the page, for the server
   */
  List<Entry> list(Listing query, Expression asked) {
    String condition =
        asked.after(
            Rows.STATE
                + " in "
                + Expression.quoted(query.states().stream().map(Rows::letter).sorted().toList()));
    List<Entry> entries = new ArrayList<>();
    Optional<String> after = query.after();
    int page = asked.exact() ? query.limit() : Math.max(RowReader.MAX_ROWS, query.limit());
    int scanned = 0;
    while (true) {
      List<String> ids = reader.ids(condition, after, page);
      Map<String, Entry> found = entries(ids, query.embeddings());
      for (String id : ids) {
        Entry entry = found.get(id);
        // Read after its id was: the image may have changed in between.
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
      oneByOne.require(scanned);
      after = Optional.of(ids.get(ids.size() - 1));
    }
  }

  /**
   * The number of searchable images that the filter matches.
   *
   * @param asked the filter, for the server
   */
  long count(Filter filter, Expression asked) {
    String searchable = RowReader.inState(State.SEARCHABLE);
    if (asked.text().isEmpty() && asked.exact()) {
      return reader.count(searchable);
    }
    if (!asked.exact()) {
      String condition = asked.after(searchable);
      oneByOne.require(condition);
      return countOneByOne(filter, condition);
    }
    return reader.count(asked.ofWhole(searchable))
        + countOneByOne(filter, searchable + " and " + Expression.PARTIAL);
  }

  private long countOneByOne(Filter filter, String condition) {
    long[] count = new long[1];
    oneByOne.records(
        condition,
        false,
        record -> {
          if (record.entry().filter(entry -> FilterMatcher.matches(filter, entry)).isPresent()) {
            count[0]++;
          }
        });
    return count[0];
  }

  Counts counts() {
    return new Counts(
        reader.count(RowReader.inState(State.SEARCHABLE)),
        reader.count(RowReader.inState(State.REJECTED)),
        reader.count(RowReader.inState(State.DELETED)));
  }
}
