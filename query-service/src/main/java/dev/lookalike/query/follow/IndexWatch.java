package dev.lookalike.query.follow;

import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.VectorIndex;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Watches an index that another process writes: how far it has come, and whether another index has
 * taken its place. Used by one thread.
 */
public final class IndexWatch implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(IndexWatch.class);

  /** Between two looks at the ends of the log. */
  private static final Duration ENDS_INTERVAL = Duration.ofSeconds(5);

  private final String name;
  private final Predicate<VectorIndex> isCurrent;
  private final Supplier<VectorIndex> open;
  private final Supplier<Optional<Map<LogPartition, Long>>> ends;
  private final FollowStatus status;
  private VectorIndex index;
  private Optional<Map<LogPartition, Long>> first = Optional.empty();
  private long nextEnds;

  /**
   * @param name of the collection, for the log
   * @param index to begin with
   * @param isCurrent whether an index is still the one that answers
   * @param open opens the one that answers
   * @param ends offsets of the next records to be written; empty if the broker does not tell in
   *     time
   * @param now as {@link System#nanoTime}
   */
  public IndexWatch(
      String name,
      VectorIndex index,
      Predicate<VectorIndex> isCurrent,
      Supplier<VectorIndex> open,
      Supplier<Optional<Map<LogPartition, Long>>> ends,
      FollowStatus status,
      long now) {
    this.name = name;
    this.index = index;
    this.isCurrent = isCurrent;
    this.open = open;
    this.ends = ends;
    this.status = status;
    this.nextEnds = now;
  }

  /**
   * Looks once.
   *
   * @throws dev.lookalike.query.index.IndexException if the index fails; then this is over
   */
  public void look(long now) {
    if (now - nextEnds >= 0) {
      ends.get().ifPresent(told -> ended(told, now));
    }
    if (!isCurrent.test(index)) {
      // The former one stays open: requests that use it end by themselves.
      index = open.get();
      status.opened(index);
    }
    Progress before = index.progress();
    index.refresh();
    Progress after = index.progress();
    if (!after.equals(before)) {
      status.progressed();
    }
    if (!status.caughtUp() && first.filter(log -> after.behind(log) == 0).isPresent()) {
      status.caughtUpNow();
      LOG.infof("the index of %s has caught up: %s", name, index.counts());
      status.progressed();
    }
    status.works();
  }

  private void ended(Map<LogPartition, Long> told, long now) {
    if (first.isEmpty()) {
      first = Optional.of(told);
    }
    status.lags(index.progress().behind(told));
    nextEnds = now + ENDS_INTERVAL.toNanos();
  }

  /** Closes the index that answers now. */
  @Override
  public void close() {
    index.close();
  }
}
