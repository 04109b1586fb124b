package dev.lookalike.query.index.milvus;

import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Neighbour;
import dev.lookalike.query.index.State;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * Searches neighbours in one Milvus collection: along the graph where that is enough, else by
 * comparing every image. Thread-safe.
 */
final class NeighbourSearch {
  /** Neighbours that a server gives. */
  private static final int MAX_NEIGHBOURS = 16_384;

  /** Candidates beyond those wanted: for equal ones at the end, and those that do not match. */
  private static final int SPARE = 16;

  /** By how much a search along the graph grows that was not enough. */
  private static final long WIDER = 8;

  private final RowReader reader;
  private final OneByOne oneByOne;
  private final LongAdder widened = new LongAdder();

  NeighbourSearch(RowReader reader, OneByOne oneByOne) {
    this.reader = reader;
    this.oneByOne = oneByOne;
  }

  /**
   * The nearest neighbours, best first.
   *
   * @param asked the filter of the query, for the server
   */
  List<Neighbour> nearest(Nearest query, Expression asked) {
    String condition = asked.after(RowReader.inState(State.SEARCHABLE));
    return query.exact() || query.after().isPresent()
        ? scan(query, condition)
        : walk(query, condition);
  }

  /** How many searches along the graph were not enough, and had to be done again. */
  long widened() {
    return widened.sum();
  }

  /** Along the graph; then the candidates are compared exactly. */
  private List<Neighbour> walk(Nearest query, String condition) {
    int limit = Math.min(MAX_NEIGHBOURS, query.k() + Math.max(SPARE, query.k() / 4));
    while (true) {
      List<String> ids = reader.nearest(query.vector(), condition, limit);
      BestNeighbours best = new BestNeighbours(query);
      reader.rows(ids, true, row -> Rows.record(row).entry().ifPresent(best::add));
      List<Neighbour> found = best.neighbours();
      boolean all = ids.size() < limit;
      // Among equally similar ones at the end, those with smaller ids may be still to come.
      boolean cut =
          !all
              && found.size() == query.k()
              && best.worst() >= found.get(found.size() - 1).similarity();
      if (found.size() == query.k() && !cut) {
        return found;
      }
      // If its matching part is not connected, the graph may not lead to all of it.
      if (all && ids.size() >= reader.count(condition)) {
        return found;
      }
      widened.increment();
      if (all || limit == MAX_NEIGHBOURS) {
        return scan(query, condition);
      }
      limit = (int) Math.min(MAX_NEIGHBOURS, limit * WIDER);
    }
  }

  /** Compares every image that matches. */
  private List<Neighbour> scan(Nearest query, String condition) {
    BestNeighbours best = new BestNeighbours(query);
    oneByOne.require(condition);
    oneByOne.records(condition, true, record -> record.entry().ifPresent(best::add));
    return best.neighbours();
  }
}
