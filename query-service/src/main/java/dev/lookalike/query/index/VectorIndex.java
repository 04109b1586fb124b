package dev.lookalike.query.index;

import dev.lookalike.query.filter.Filter;
import java.util.Collection;
import java.util.List;

/**
 * The index of one build of one collection: one record for each image id, whatever became of the
 * image, and the progress through the log that the records result from.
 *
 * <p>The contract; one suite of tests holds every implementation to it:
 *
 * <ul>
 *   <li><b>Convergence.</b> The records are those that {@link Fold} makes of the changes. So an
 *       older version never wins, and applying any suffix of the log again changes nothing.
 *   <li><b>Progress with the data.</b> What survives a crash is a prefix of the calls of {@link
 *       #apply}, at least to the last {@link #commit}, with the progress of that prefix or of an
 *       earlier one: what is read again is known already, and nothing is missed.
 *   <li><b>Visibility.</b> After {@link #refresh}, everything applied is seen by every read, and
 *       {@link #progress} says so. It may be seen earlier; then progress is behind, never ahead.
 *   <li><b>Similarity</b> is the cosine, computed from the full float32 vectors, in -1..1. Order is
 *       by similarity, largest first, then by image id; it is the same whichever way the search
 *       took.
 *   <li><b>Filters</b> are applied before the search: k neighbours come back where k images match.
 * </ul>
 *
 * <p>Reads may come from any thread at any time. {@link #apply}, {@link #refresh} and {@link
 * #commit} are called by one thread. Whatever fails throws {@link IndexException}, and leaves the
 * index as a crash would; to go on, close it and open it again.
 */
public interface VectorIndex extends AutoCloseable {
  /** Length of the vectors, fixed when the index is made. */
  int dimension();

  /**
   * Applies changes in their order, and the progress after the last of them. Several changes of one
   * image may be among them.
   *
   * @param changes may be empty: then only the progress moves
   * @param progress replaces the former progress
   * @throws IllegalArgumentException for an embedding whose length is not {@link #dimension}
   */
  void apply(List<Change> changes, Progress progress);

  /**
   * Makes visible what was applied.
   *
   * @return whether other processes, too, can see how far it is; if not, another call soon tells
   *     them
   */
  boolean refresh();

  /**
   * Makes durable what was applied. Costs a sync of the disk.
   *
   * @throws IndexException also if the index is closed
   */
  void commit();

  /** Of what is visible; right after opening, of what is durable. */
  Progress progress();

  /** The nearest neighbours among the searchable images that the filter matches, best first. */
  List<Neighbour> nearest(Nearest query);

  /**
   * Entries by id, in the order of the ids; what the index does not know is left out.
   *
   * @param embeddings whether the entries carry their embedding
   */
  List<Entry> get(Collection<String> imageIds, boolean embeddings);

  /** Entries in the order of their ids. */
  List<Entry> list(Listing query);

  /** The number of searchable images that the filter matches. */
  long count(Filter filter);

  /** Counts of the whole index. */
  Counts counts();

  /** Commits what was applied and lets go of everything. A second call does nothing. */
  @Override
  void close();
}
